now 2026-03-03 18:00 UTC
policy daily=7
has noon 2026-03-03 12:00 succeeded
has morning 2026-03-03 08:00 succeeded
has late 2026-03-02 22:00 succeeded
has early 2026-03-02 02:00 succeeded
---
keep noon: daily 1 of 7 (2026-03-03)
drop morning: no count of the policy reaches it
keep late: daily 2 of 7 (2026-03-02)
keep early: daily 3 of 7 (2026-03-02, the oldest)
