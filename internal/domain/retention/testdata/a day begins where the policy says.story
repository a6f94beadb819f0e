# Tokyo is nine hours ahead: what is 15:30 in UTC is the next day there.
now 2026-03-03 18:00 UTC
policy daily=2 zone=Asia/Tokyo
has s4 2026-03-03 16:00 succeeded
has s3 2026-03-03 15:30 succeeded
has s2 2026-03-03 14:30 succeeded
has s1 2026-03-02 10:00 succeeded
---
keep s4: daily 1 of 2 (2026-03-04)
drop s3: no count of the policy reaches it
keep s2: daily 2 of 2 (2026-03-03)
drop s1: no count of the policy reaches it
