package text

// What is said about one-off tasks: before_deploy, run, and logs.
const (
	CardRunWhere       ID = "card.run.where"
	CardBeforeDeploy   ID = "card.before_deploy"
	CardOneoffStarting ID = "card.oneoff.starting"
	CardOneoffRunning  ID = "card.oneoff.running"
	CardOneoffPassed   ID = "card.oneoff.passed"
	CardOneoffFailed   ID = "card.oneoff.failed"
	CardOneoffUnknown  ID = "card.oneoff.unknown"

	AnnounceScheduled  ID = "announce.scheduled"
	AnnounceMissing    ID = "announce.missing"
	ReplyFileTasks     ID = "reply.file_tasks"
	ReplyFileTask      ID = "reply.file_task"
	ReplyFileTasksHint ID = "reply.file_tasks_hint"

	ThreadUnhealthy ID = "thread.unhealthy"
	ThreadGivenUp   ID = "thread.given_up"

	ThreadOneoffStarted ID = "thread.oneoff.started"
	ThreadOneoffPassed  ID = "thread.oneoff.passed"
	ThreadOneoffFailed  ID = "thread.oneoff.failed"
	ThreadOneoffSilent  ID = "thread.oneoff.silent"
)

// What run and logs answer, and their help.
const (
	ReplyLogs      ID = "reply.logs"
	ReplyLogsEmpty ID = "reply.logs_empty"
	ReplyLogsNone  ID = "reply.logs_none"
	ReplyLogsMore  ID = "reply.logs_more"
	ButtonRefresh  ID = "button.refresh"

	HelpRun            ID = "help.run"
	HelpLogs           ID = "help.logs"
	HelpNoteRun        ID = "help.note.run"
	HelpNoteLogs       ID = "help.note.logs"
	HelpArgRunCommand  ID = "help.arg.run_command"
	HelpFlagRunMemory  ID = "help.flag.run_memory"
	HelpFlagRunCPU     ID = "help.flag.run_cpu"
	HelpFlagRunTimeout ID = "help.flag.run_timeout"
	HelpArgLogService  ID = "help.arg.log_service"
	HelpFlagLogSince   ID = "help.flag.log_since"
	HelpFlagLogGrep    ID = "help.flag.log_grep"
)
