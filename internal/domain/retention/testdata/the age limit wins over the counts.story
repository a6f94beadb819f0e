now 2026-03-01 12:00 UTC
policy max=30d last=3 yearly=5
has s1 2026-02-28 12:00 succeeded
has s2 2026-01-02 12:00 succeeded
has s3 2025-06-01 12:00 succeeded
---
keep s1: last 1 of 3; yearly 1 of 5 (2026)
drop s2: older than 30d
drop s3: older than 30d
