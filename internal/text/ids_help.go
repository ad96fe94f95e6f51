package text

// The help as a whole.
const (
	HelpTitle        ID = "help.title"
	HelpShort        ID = "help.short"
	HelpMore         ID = "help.more"
	HelpFooter       ID = "help.footer"
	HelpFamily       ID = "help.family"
	HelpExamples     ID = "help.examples"
	HelpGroupStart   ID = "help.group.start"
	HelpGroupShip    ID = "help.group.ship"
	HelpGroupDecide  ID = "help.group.decide"
	HelpGroupLook    ID = "help.group.look"
	HelpGroupSetUp   ID = "help.group.set_up"
	HelpGroupOperate ID = "help.group.operate"
)

// One line per verb.
const (
	HelpHelp           ID = "help.help"
	HelpWhoami         ID = "help.whoami"
	HelpDeploy         ID = "help.deploy"
	HelpPlan           ID = "help.plan"
	HelpCancel         ID = "help.cancel"
	HelpApprovals      ID = "help.approvals"
	HelpApprove        ID = "help.approve"
	HelpReject         ID = "help.reject"
	HelpStatus         ID = "help.status"
	HelpReleases       ID = "help.releases"
	HelpApps           ID = "help.apps"
	HelpShow           ID = "help.show"
	HelpCreate         ID = "help.create"
	HelpDistrictList   ID = "help.district_list"
	HelpDistrictShow   ID = "help.district_show"
	HelpDistrictAdopt  ID = "help.district_adopt"
	HelpEndpointList   ID = "help.endpoint_list"
	HelpEndpointShow   ID = "help.endpoint_show"
	HelpEndpointCreate ID = "help.endpoint_create"
	HelpParkedList     ID = "help.parked_list"
	HelpParkedShow     ID = "help.parked_show"
	HelpParkedReplay   ID = "help.parked_replay"
	HelpHalt           ID = "help.halt"
	HelpResume         ID = "help.resume"
)

// What else one should know of a verb.
const (
	HelpNoteDeploy  ID = "help.note.deploy"
	HelpNotePlan    ID = "help.note.plan"
	HelpNoteCancel  ID = "help.note.cancel"
	HelpNoteCreate  ID = "help.note.create"
	HelpNoteApprove ID = "help.note.approve"
	HelpNoteHalt    ID = "help.note.halt"
	HelpNoteReplay  ID = "help.note.replay"
	HelpNoteAdopt   ID = "help.note.adopt"
)

// Arguments and flags.
const (
	HelpArgVerb            ID = "help.arg.verb"
	HelpArgApp             ID = "help.arg.app"
	HelpArgEnv             ID = "help.arg.env"
	HelpArgTag             ID = "help.arg.tag"
	HelpArgTagOrCurrent    ID = "help.arg.tag_or_current"
	HelpArgID              ID = "help.arg.id"
	HelpArgReason          ID = "help.arg.reason"
	HelpArgDistrict        ID = "help.arg.district"
	HelpArgEndpoint        ID = "help.arg.endpoint"
	HelpArgNewName         ID = "help.arg.new_name"
	HelpArgNewApp          ID = "help.arg.new_app"
	HelpArgNewEnv          ID = "help.arg.new_env"
	HelpFlagSource         ID = "help.flag.source"
	HelpFlagChannel        ID = "help.flag.channel"
	HelpFlagFor            ID = "help.flag.for"
	HelpFlagRegion         ID = "help.flag.region"
	HelpFlagRole           ID = "help.flag.role"
	HelpFlagCFNRole        ID = "help.flag.cfn_role"
	HelpFlagVPC            ID = "help.flag.vpc"
	HelpFlagCluster        ID = "help.flag.cluster"
	HelpFlagSubnets        ID = "help.flag.subnets"
	HelpFlagPublicSubnets  ID = "help.flag.public_subnets"
	HelpFlagSecurityGroups ID = "help.flag.security_groups"
	HelpFlagBucket         ID = "help.flag.bucket"
	HelpFlagAssignPublicIP ID = "help.flag.assign_public_ip"
	HelpFlagPublic         ID = "help.flag.public"
	HelpFlagCertificate    ID = "help.flag.certificate"
)
