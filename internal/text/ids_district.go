package text

// What is said of districts and endpoints.
const (
	HelpEndpointUpdate   ID = "help.endpoint_update"
	HelpEndpointDelete   ID = "help.endpoint_delete"
	HelpFlagTLS          ID = "help.flag.tls"
	HelpFlagAccessLogs   ID = "help.flag.access_logs"
	HelpFlagNoAccessLogs ID = "help.flag.no_access_logs"
	LabelTLS             ID = "label.tls"
	LabelAccessLogs      ID = "label.access_logs"
)
