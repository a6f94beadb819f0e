now 2026-03-10 12:00 UTC
policy last=2
has s5 2026-03-10 11:00 succeeded
has s4 2026-03-09 11:00 succeeded
has s3 2026-03-08 11:00 succeeded verified
has s2 2026-03-07 11:00 succeeded verified
has s1 2026-03-06 11:00 succeeded
---
keep s5: last 1 of 2
keep s4: last 2 of 2
keep s3: the newest verified snapshot is never dropped
drop s2: no count of the policy reaches it
drop s1: no count of the policy reaches it
