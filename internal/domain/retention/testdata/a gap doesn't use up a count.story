# Nothing was backed up in February; daily=2 means two days that have one.
now 2026-03-01 12:00 UTC
policy daily=2
has march 2026-03-01 01:00 succeeded
has january-late 2026-01-31 23:00 succeeded
has january-early 2026-01-31 01:00 succeeded
has december 2025-12-31 01:00 succeeded
---
keep march: daily 1 of 2 (2026-03-01)
keep january-late: daily 2 of 2 (2026-01-31)
drop january-early: no count of the policy reaches it
drop december: no count of the policy reaches it
