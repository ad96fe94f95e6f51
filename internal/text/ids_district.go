package text

// What is said of districts and endpoints.
const (
	HelpEndpointUpdate     ID = "help.endpoint_update"
	HelpEndpointDelete     ID = "help.endpoint_delete"
	HelpFlagTLS            ID = "help.flag.tls"
	HelpFlagAccessLogs     ID = "help.flag.access_logs"
	HelpFlagNoAccessLogs   ID = "help.flag.no_access_logs"
	HelpDistrictCreate     ID = "help.district_create"
	HelpDistrictUpdate     ID = "help.district_update"
	HelpDistrictApply      ID = "help.district_apply"
	HelpDistrictDelete     ID = "help.district_delete"
	HelpNoteDistrictCreate ID = "help.note.district_create"
	HelpNoteDistrictDelete ID = "help.note.district_delete"
	HelpFlagNAT            ID = "help.flag.nat"
	HelpFlagLaunch         ID = "help.flag.launch"
	HelpFlagCIDR           ID = "help.flag.cidr"
	HelpFlagInstanceType   ID = "help.flag.instance_type"
	HelpFlagSize           ID = "help.flag.size"
	LabelNetwork           ID = "label.network"
	LabelTLS               ID = "label.tls"
	LabelAccessLogs        ID = "label.access_logs"
)
