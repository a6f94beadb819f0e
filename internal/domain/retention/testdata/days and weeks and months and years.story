now 2026-01-05 12:00 UTC
policy hourly=2 daily=3 weekly=2 monthly=2 yearly=2
has mon-11-30 2026-01-05 11:30 succeeded
has mon-11-00 2026-01-05 11:00 succeeded
has mon-10-59 2026-01-05 10:59 succeeded
has sun 2026-01-04 12:00 succeeded
has sat 2026-01-03 12:00 succeeded
has fri 2026-01-02 12:00 succeeded
has new-year 2026-01-01 00:00 succeeded
has silvester 2025-12-31 23:59 succeeded
has november 2025-11-30 12:00 succeeded
has last-year 2024-05-01 12:00 succeeded
---
keep mon-11-30: hourly 1 of 2 (2026-01-05T11); daily 1 of 3 (2026-01-05); weekly 1 of 2 (2026-W02); monthly 1 of 2 (2026-01); yearly 1 of 2 (2026)
drop mon-11-00: no count of the policy reaches it
keep mon-10-59: hourly 2 of 2 (2026-01-05T10)
keep sun: daily 2 of 3 (2026-01-04); weekly 2 of 2 (2026-W01)
keep sat: daily 3 of 3 (2026-01-03)
drop fri: no count of the policy reaches it
drop new-year: no count of the policy reaches it
keep silvester: monthly 2 of 2 (2025-12); yearly 2 of 2 (2025)
drop november: no count of the policy reaches it
drop last-year: no count of the policy reaches it
