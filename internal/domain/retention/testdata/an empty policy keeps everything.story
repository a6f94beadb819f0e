now 2026-03-01 12:00 UTC
policy failed=-1 last=0
has s1 2026-03-01 11:00 succeeded
has s2 2000-03-01 11:00 succeeded
has f1 2000-03-01 10:00 failed
has f2 2000-03-01 09:00 failed
---
keep s1: no count limits successful snapshots
keep s2: no count limits successful snapshots
keep f1: failed 1
keep f2: failed 2
