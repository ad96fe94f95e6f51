package text

// What is said of districts' plugins.
const (
	HelpPluginList     ID = "help.plugin_list"
	HelpPluginSet      ID = "help.plugin_set"
	HelpPluginUnset    ID = "help.plugin_unset"
	HelpNotePluginSet  ID = "help.note.plugin_set"
	HelpArgPlugin      ID = "help.arg.plugin"
	HelpArgPluginPairs ID = "help.arg.plugin_pairs"
	ReplyPlugins       ID = "reply.plugins"
	ReplyNoPlugins     ID = "reply.no_plugins"
	ReplyPluginLine    ID = "reply.plugin_line"
	ReplyPluginsToSet  ID = "reply.plugins_to_set"
	LabelPlugins       ID = "label.plugins"
)
