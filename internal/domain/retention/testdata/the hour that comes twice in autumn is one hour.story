# In Berlin the clock goes back from 03:00 to 02:00 on this day: 00:30 and 01:30 in UTC are both 02:30 there.
now 2026-10-25 12:00 UTC
policy hourly=2 zone=Europe/Berlin
has s3 2026-10-25 02:30 succeeded
has s2b 2026-10-25 01:30 succeeded
has s2a 2026-10-25 00:30 succeeded
has s1 2026-10-24 20:00 succeeded
---
keep s3: hourly 1 of 2 (2026-10-25T03)
keep s2b: hourly 2 of 2 (2026-10-25T02)
drop s2a: no count of the policy reaches it
drop s1: no count of the policy reaches it
