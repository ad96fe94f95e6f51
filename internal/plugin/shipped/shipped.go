// Package shipped lists the plugins that come with bcn.
package shipped

import (
	"github.com/bcn-bot/bcn/internal/plugin"
	"github.com/bcn-bot/bcn/internal/plugin/datadog"
	"github.com/bcn-bot/bcn/internal/plugin/logs"
	"github.com/bcn-bot/bcn/internal/plugin/newrelic"
	"github.com/bcn-bot/bcn/internal/plugin/pcidss"
)

// Table is every plugin there is, in the order of their names.
func Table() plugin.Table {
	return plugin.Table{datadog.Plugin(), logs.Plugin(), newrelic.Plugin(), pcidss.Plugin()}
}
