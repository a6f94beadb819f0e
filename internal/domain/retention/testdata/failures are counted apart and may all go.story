now 2026-03-01 12:00 UTC
policy last=1 failed=0
has f1 2026-03-01 11:00 failed
has s1 2026-03-01 10:00 succeeded
has f2 2026-03-01 09:00 failed
---
drop f1: failed, and the policy keeps 0 of those
keep s1: last 1 of 1
drop f2: failed, and the policy keeps 0 of those
