now 2026-03-01 12:00 UTC
policy last=1
has b 2026-03-01 11:00 succeeded
has a 2026-03-01 11:00 succeeded
has c 2026-03-01 11:00 succeeded
---
keep c: last 1 of 1
drop b: no count of the policy reaches it
drop a: no count of the policy reaches it
