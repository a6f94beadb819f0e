now 2026-03-01 12:00 UTC
policy max=-7d last=1 failed=1
has s1 2026-03-01 11:00 succeeded
has s2 2026-03-01 10:00 succeeded
---
keep s1: last 1 of 1
drop s2: no count of the policy reaches it
