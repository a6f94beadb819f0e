now 2026-03-01 12:00 UTC
policy max=7d last=2
has from-the-future 2027-01-01 00:00 succeeded
has s1 2026-03-01 11:00 succeeded
has s2 2026-03-01 10:00 succeeded
---
keep from-the-future: its time has not come yet
keep s1: last 1 of 2
keep s2: last 2 of 2
