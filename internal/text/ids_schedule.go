package text

import (
	"strconv"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// The parts of saying when a schedule runs.
const (
	ScheduleZoned ID = "schedule.zoned"
	ScheduleAfter ID = "schedule.after"
	ScheduleRange ID = "schedule.range"
	ScheduleAnd   ID = "schedule.and"
	ScheduleComma ID = "schedule.comma"
	ScheduleNth   ID = "schedule.nth"
)

// ScheduleProblem names the sentence of a schedule.ProblemID; it takes the
// problem's params.
func ScheduleProblem(id string) ID { return ID("schedule.problem." + id) }

// ScheduleField names the word for a field of a cron expression.
func ScheduleField(field string) ID { return ID("schedule.field." + field) }

// ScheduleSkip names the sentence of a schedule.SkipReason.
func ScheduleSkip(reason string) ID { return ID("schedule.skip." + reason) }

// ScheduleWhen names the words for a schedule.Kind; they take date, times,
// every, since, minutes, hours, days, months, weekdays and either.
func ScheduleWhen(kind string) ID { return ID("schedule.when." + kind) }

// Weekday names the word for a day, and Weekdays that for all such days.
func Weekday(d time.Weekday) ID  { return ID("schedule.weekday." + strconv.Itoa(int(d))) }
func Weekdays(d time.Weekday) ID { return ID("schedule.weekdays." + strconv.Itoa(int(d))) }

// Month names the word for a month.
func Month(m time.Month) ID { return ID("schedule.month." + strconv.Itoa(int(m))) }

// ScheduleState names the words for where a schedule stands.
func ScheduleState(s bcn.ScheduleState) ID { return ID("schedule.state." + string(s)) }

// TickState names the words for where one run of a schedule stands.
func TickState(s bcn.TickState) ID { return ID("tick.state." + string(s)) }
