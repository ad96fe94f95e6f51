package text

// What is said while traffic is shifted.
const (
	CardShiftStarts ID = "card.shift.starts"
	CardShiftGreen  ID = "card.shift.green"
	CardShiftWaits  ID = "card.shift.waits"
	CardShiftPart   ID = "card.shift.part"
	CardShiftBakes  ID = "card.shift.bakes"
	CardShiftBack   ID = "card.shift.back"

	ThreadShiftWaits   ID = "thread.shift.waits"
	ThreadShiftOrdered ID = "thread.shift.ordered"
	ThreadShiftBack    ID = "thread.shift.back"

	ButtonShift           ID = "button.shift"
	ButtonShiftBack       ID = "button.shift_back"
	ConfirmShiftTitle     ID = "confirm.shift.title"
	ConfirmShiftText      ID = "confirm.shift.text"
	ConfirmShiftBackTitle ID = "confirm.shift_back.title"
	ConfirmShiftBackText  ID = "confirm.shift_back.text"

	ReplyShifting ID = "reply.shifting"
	ReplyTraffic  ID = "reply.traffic"
	ReplyAlarms   ID = "reply.alarms"
	ReplyAlarm    ID = "reply.alarm"

	HelpShift     ID = "help.shift"
	HelpNoteShift ID = "help.note.shift"
)
