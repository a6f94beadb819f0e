now 2026-03-01 12:00 UTC
policy max=7d failed=1
has young 2026-02-28 12:00 succeeded
has exactly-as-old 2026-02-22 12:00 succeeded
has too-old 2026-02-22 11:59 succeeded
has old-failure 2026-02-01 12:00 failed
---
keep young: no count limits successful snapshots
keep exactly-as-old: no count limits successful snapshots
drop too-old: older than 7d
drop old-failure: older than 7d
