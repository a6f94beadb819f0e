now 2026-03-01 12:00 UTC
policy max=7d last=1 failed=1
has f1 2026-02-28 12:00 failed
has f2 2026-02-27 12:00 failed
has s1 2025-01-01 12:00 succeeded
has s2 2024-12-31 12:00 succeeded
---
keep f1: failed 1 of 1
drop f2: failed, and the policy keeps 1 of those
keep s1: the newest successful snapshot is never dropped
drop s2: older than 7d
