// Package schedule answers when: it parses what people write about time,
// computes the ticks that follow, and decides which ticks that were missed
// still count. It is pure: no database, and every time is given to it.
//
// # What is accepted
//
//   - five cron fields: "0 2 * * *", "*/15 9-17 * * mon-fri"
//   - "@hourly", "@daily", "@midnight", "@weekly", "@monthly", "@yearly",
//     "@annually"
//   - "every 30m", "every 2 hours", "every 3 days", "every hour"
//   - "at 2027-01-05 09:30": once
//   - "daily at 9", "mondays at 10", "every mon, thu at 15:00",
//     "weekdays at 9:30am"
//
// Macros and sentences become cron fields, so that there is one meaning of
// each. robfig/cron does the arithmetic of months and weekdays, in UTC only; its
// parser is not used, because it panics on "TZ=0", takes "1,,2" and names no
// position, and neither is its arithmetic of time zones. As with robfig/cron,
// "5/10" means "5-max/10", and where both the day of the month and the weekday
// are restricted, either suffices; a field is unrestricted if one of its items
// is "*" or "*/1". 7 is Sunday, too.
//
// "every D" is the cron expression with the same times if there is one: D is
// then 1, 2, 3, 4, 5, 6, 10, 12, 15, 20 or 30 minutes, or 1, 2, 3, 4, 6, 8, 12
// or 24 hours, and counts from midnight. Any other D counts from the minute at
// which the schedule was added; whole days at the same local time, anything
// else in elapsed time.
//
// # Daylight saving
//
// Cron times are readings of a clock on the wall. Vixie cron treats jobs with
// fixed hours and jobs of every hour apart, and so does this package:
//
//   - Fixed hours: the tick of a reading is the first instant at which the
//     clock has reached it. So a reading that the clock skips runs at the first
//     instant after the gap, one that comes twice runs the first time, and
//     readings that fall on the same instant are one tick.
//   - Every hour ("*/30 * * * *"): each real minute whose reading matches is a
//     tick, also in the hour that is repeated, and nothing is made up for the
//     hour that is skipped, because no time passed in it.
//
// What counts is whether all 24 hours are meant, not whether a star was
// written: "0 0-23 * * *" is every hour, "0 */2 * * *" has fixed hours.
//
// # Invariants
//
//   - Next(t) is later than t, a whole minute, and a tick of every earlier
//     time up to it: Next does not depend on how often it is asked.
//   - A Spec is determined by its text, its zone and the time it was added:
//     parsing what was stored gives the same ticks.
package schedule
