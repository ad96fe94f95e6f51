package commands

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/deploy"
)

// askable are the verbs that a window for changes takes.
func askable(verb string) bool {
	return slices.Contains([]string{"deploy", "plan", "rollback", "restart", "promote", "scale", "access"}, verb)
}

// commandOf writes what was asked for as the command that asks for it; false
// where there is none that says all of it.
func commandOf(w deploy.Wish) (string, bool) {
	if !w.Kind.Rewrites() {
		return "", false
	}
	if w.Kind.Access() {
		return accessCommand(w)
	}
	words := []string{string(w.Kind), w.App, w.Env}
	switch w.Kind {
	case bcn.KindDeploy, bcn.KindPlan:
		words = append(words, w.Tag)
	case bcn.KindRollback:
		if w.Release > 0 {
			words = append(words, strconv.FormatInt(w.Release, 10))
		}
	case bcn.KindRestart:
		words = append(words, w.Service)
	case bcn.KindScale:
		words = append(words, fmt.Sprintf("%s=%d", w.Service, w.Count))
	case bcn.KindPromote:
		words = []string{string(w.Kind), w.App, w.From, w.Env}
	}
	return reasoned(words, w.Reason), true
}

func accessCommand(w deploy.Wish) (string, bool) {
	x := w.Access
	if x == nil || x.Extends != 0 {
		return "", false
	}
	words := []string{"access", w.App, w.Env, x.Service}
	switch w.Kind {
	case bcn.KindAccessLive:
		words = append(words, "--live")
		if x.Task != "" {
			words = append(words, "--task", x.Task)
		}
	case bcn.KindAccessInstance:
		words = []string{"access", "--district", x.District, "--instance", x.Instance}
	case bcn.KindAccessPort:
		words = []string{"access", "--district", x.District, "--port", x.Database}
	}
	if x.For > 0 {
		words = append(words, "for", fmt.Sprintf("%dm", int(x.For/time.Minute)))
	}
	line := reasoned(words, w.Reason)
	if x.Command != "" {
		line += " -- " + x.Command
	}
	return line, true
}

// reasoned joins words, leaves out empty ones, and puts the reason last.
func reasoned(words []string, reason string) string {
	line := strings.Join(slices.DeleteFunc(words, func(s string) bool { return s == "" }), " ")
	if reason != "" {
		line += " --reason " + reason
	}
	return line
}
