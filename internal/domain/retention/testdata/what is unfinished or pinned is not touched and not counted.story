now 2026-03-01 12:00 UTC
policy max=1d last=1 failed=1
has running 2026-03-01 11:00 unfinished
has pinned 2026-03-01 10:00 succeeded pinned
has s1 2026-03-01 09:00 succeeded
has s2 2026-03-01 08:00 succeeded
has pinned-old 2020-03-01 10:00 failed pinned
has stuck 2020-03-01 10:00 unfinished
---
keep running: not finished
keep pinned: pinned
keep s1: last 1 of 1
drop s2: no count of the policy reaches it
keep stuck: not finished
keep pinned-old: pinned
