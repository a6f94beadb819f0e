# maxRetentionPeriod: 2mo, successfulSnapshots.last: 5, failedSnapshots.last: 2
now 2026-03-01 12:00 UTC
policy max=2mo last=5 failed=2
has s1 2026-03-01 11:00 succeeded
has s2 2026-03-01 10:00 failed
has s3 2026-03-01 09:00 succeeded
has s4 2026-03-01 08:00 failed
has s5 2026-03-01 07:00 failed
has s6 2026-03-01 06:00 succeeded
has s7 2026-03-01 05:00 succeeded
has s8 2026-03-01 04:00 succeeded
has s9 2026-03-01 03:00 succeeded
---
keep s1: last 1 of 5
keep s2: failed 1 of 2
keep s3: last 2 of 5
keep s4: failed 2 of 2
drop s5: failed, and the policy keeps 2 of those
keep s6: last 3 of 5
keep s7: last 4 of 5
keep s8: last 5 of 5
drop s9: no count of the policy reaches it
