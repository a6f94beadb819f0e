now 2026-03-03 18:00 UTC
policy max=1d daily=7
has noon 2026-03-03 12:00 succeeded
has morning 2026-03-03 08:00 succeeded
has early 2026-03-02 02:00 succeeded
---
keep noon: daily 1 of 7 (2026-03-03)
drop morning: no count of the policy reaches it
drop early: older than 1d
