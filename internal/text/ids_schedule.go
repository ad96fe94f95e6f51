package text

import (
	"strconv"
	"strings"
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

// What commands answer about schedules.
const (
	ReplyScheduleDraft    ID = "reply.schedule_draft"
	ReplyScheduleDry      ID = "reply.schedule_dry"
	ReplyScheduleSaved    ID = "reply.schedule_saved"
	ReplyScheduleEdited   ID = "reply.schedule_edited"
	ReplyScheduleDropped  ID = "reply.schedule_dropped"
	ReplyScheduleTitle    ID = "reply.schedule_title"
	ReplyScheduleRuns     ID = "reply.schedule_runs"
	ReplyScheduleSkipped  ID = "reply.schedule_skipped"
	ReplySchedulePaused   ID = "reply.schedule_paused"
	ReplyScheduleResumed  ID = "reply.schedule_resumed"
	ReplyScheduleRemoved  ID = "reply.schedule_removed"
	ReplyScheduleStill    ID = "reply.schedule_still"
	ReplyScheduleFile     ID = "reply.schedule_file"
	ReplyScheduleApproval ID = "reply.schedule_approval"
	ReplyScheduleTold     ID = "reply.schedule_told"
	ReplyScheduleLine     ID = "reply.schedule_line"
	ReplyNoSchedules      ID = "reply.no_schedules"
	ReplySchedules        ID = "reply.schedules"
	ReplySkippedTime      ID = "reply.skipped_time"
	ReplyOnConflict       ID = "reply.on_conflict"
	ReplyOnMissed         ID = "reply.on_missed"
	ReplyRetries          ID = "reply.retries"
	ReplyTimeout          ID = "reply.timeout"
	ReplyTickLine         ID = "reply.tick_line"
	ReplyNeverRan         ID = "reply.never_ran"
	ReplyCalendar         ID = "reply.calendar"
	ReplyCalendarEmpty    ID = "reply.calendar_empty"
	ReplyCalendarDay      ID = "reply.calendar_day"
	ReplyCalendarLine     ID = "reply.calendar_line"
	ReplyCalendarOften    ID = "reply.calendar_often"
	ReplyCalendarCut      ID = "reply.calendar_cut"
	ReplyMeet             ID = "reply.meet"
	ReplyMeets            ID = "reply.meets"
	ReplyDigest           ID = "reply.digest"
	ReplyDigestEmpty      ID = "reply.digest_empty"
	DigestAccess          ID = "reply.digest_access"
	ReplyDigestLine       ID = "reply.digest_line"
	ReplyDigestNote       ID = "reply.digest_note"
)

// Labels of schedules, and what is wrong with their commands.
const (
	LabelWhen            ID = "label.when"
	LabelNext            ID = "label.next"
	LabelRunsAs          ID = "label.runs_as"
	LabelApproval        ID = "label.approval"
	LabelTold            ID = "label.told"
	LabelRuns            ID = "label.runs"
	LabelHistory         ID = "label.history"
	ButtonSave           ID = "button.save"
	ButtonDrop           ID = "button.drop"
	ButtonScheduleRun    ID = "button.schedule_run"
	ButtonScheduleSkip   ID = "button.schedule_skip"
	ButtonSchedulePause  ID = "button.schedule_pause"
	ButtonScheduleResume ID = "button.schedule_resume"
	ProblemSpan          ID = "problem.span"
	ProblemNoCommand     ID = "problem.no_command"
	ProblemSpecAndAfter  ID = "problem.spec_and_after"
	ProblemNothingToEdit ID = "problem.nothing_to_edit"
	ProblemScheduledLong ID = "problem.scheduled_long"
)

// What the message about one run of a schedule says.
const (
	TickChange             ID = "tick.change"
	TickPlannedFor         ID = "tick.planned_for"
	TickRunBy              ID = "tick.run_by"
	TickNotAllowed         ID = "tick.not_allowed"
	ButtonTickSkip         ID = "button.tick_skip"
	ThreadTickFailed       ID = "thread.tick_failed"
	DirectTickFailed       ID = "direct.tick_failed"
	DirectTickSkipped      ID = "direct.tick_skipped"
	AnnounceSchedulePaused ID = "announce.schedule_paused"
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

// Weekday names the word for a day of the week.
func Weekday(d time.Weekday) ID { return ID("schedule.weekday." + strconv.Itoa(int(d))) }

// Weekdays names the word for all such days: Mondays.
func Weekdays(d time.Weekday) ID { return ID("schedule.weekdays." + strconv.Itoa(int(d))) }

// Month names the word for a month.
func Month(m time.Month) ID { return ID("schedule.month." + strconv.Itoa(int(m))) }

// ScheduleState names the words for where a schedule stands.
func ScheduleState(s bcn.ScheduleState) ID { return ID("schedule.state." + string(s)) }

// TickState names the words for where one run of a schedule stands.
func TickState(s bcn.TickState) ID { return ID("tick.state." + string(s)) }

// TickFirst names the first line of the message about one run of a schedule.
func TickFirst(s bcn.TickState) ID { return ID("tick.first." + string(s)) }

// OwnSchedule names what one of bcn's own schedules does, by its command.
func OwnSchedule(command string) ID {
	return ID("schedule.own." + strings.TrimPrefix(command, "bcn-"))
}
