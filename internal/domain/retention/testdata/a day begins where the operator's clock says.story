now 2026-03-02 12:00 Asia/Dhaka
policy daily=2
has evening-utc 2026-03-01 17:59 succeeded
has night-utc 2026-03-01 18:01 succeeded
has earlier 2026-02-28 20:00 succeeded
---
keep night-utc: daily 1 of 2 (2026-03-02)
keep evening-utc: daily 2 of 2 (2026-03-01)
drop earlier: no count of the policy reaches it
