package app

import (
	"crypto/rand"
	"errors"
	"fmt"
	"net/http"
	"regexp"
	"strings"

	"github.com/bcn-bot/bcn/internal/audit"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
	"github.com/bcn-bot/bcn/internal/roles"
)

// owned are the controls of what the owner of the AWS account does, or somebody
// in it, beside bcn.
func (d *Dev) owned() []localslack.Control {
	return []localslack.Control{
		{ID: "roles", Label: "Apply roles", Field: "tokyo", Do: d.applyRoles},
		{ID: "by-hand", Label: "Change by hand", Field: "hello", Do: d.byHand},
	}
}

// districtForm is the form of the names for which roles can be made.
var districtForm = regexp.MustCompile(`^[a-z][a-z0-9-]{0,40}$`)

// applyRoles does what `bot iam --district NAME` and the same with --access
// print, so that bcn can make the district, and tells how to ask for it.
func (d *Dev) applyRoles(r *http.Request) (string, error) {
	name := strings.TrimSpace(r.Form.Get("value"))
	if !districtForm.MatchString(name) {
		return "", errors.New("a district's name is letters, digits and hyphens, such as tokyo")
	}
	account := d.AWS.Account()
	in := roles.Input{
		District: name, Account: account.ID, Region: account.Region, BotPrincipal: "arn:aws:iam::" + account.ID + ":root",
		ExternalID: ExternalID(audit.Key(d.App.o.Process.Key.Reveal()))(name),
	}
	deploys, err := roles.Template(in)
	if err != nil {
		return "", err
	}
	access, err := roles.AccessTemplate(accessInput(d.App.o.Config, in))
	if err != nil {
		return "", err
	}
	if err := errors.Join(d.AWS.Apply(r.Context(), "bcn-roles-"+name, deploys), d.AWS.Apply(r.Context(), "bcn-access-"+name, access)); err != nil {
		return "", err
	}
	for _, key := range localaws.PluginKeys() {
		if _, err := d.AWS.Do(r.Context(), "ssm", "PutParameter", map[string]any{
			"Name": "/barcelona/" + name + "/" + key, "Type": "SecureString", "Value": rand.Text(), "Overwrite": true,
		}); err != nil {
			return "", err
		}
	}
	d.Slack.Tell(r.Form.Get("u"), r.Form.Get("c"), "The account has what `bot iam --district "+name+"` prints. As ada, type:\n`/bcn district create "+name+
		" --region "+in.Region+" --role "+in.BotRoleARN()+" --cfn-role "+in.CFNRoleARN()+" --for preview`")
	return "The account has the roles for " + name, nil
}

// retentions are the days for which somebody lets logs be kept, in turn.
func retentions() []int { return []int{7, 14, 30} }

// byHand changes the log group of an app as somebody with a console does.
func (d *Dev) byHand(r *http.Request) (string, error) {
	out, err := d.AWS.Do(r.Context(), "logs", "DescribeLogGroups", map[string]any{"logGroupNamePrefix": "Barcelona/"})
	if err != nil {
		return "", err
	}
	heritage := strings.TrimSpace(r.Form.Get("value"))
	groups, _ := out["logGroups"].([]any)
	for _, g := range groups {
		group, _ := g.(map[string]any)
		name, _ := group["logGroupName"].(string)
		if !strings.HasSuffix(name, "/"+heritage) || strings.Count(name, "/") != 2 {
			continue
		}
		days := retentions()[int(d.byHands.Add(1)-1)%len(retentions())]
		_, err := d.AWS.Do(r.Context(), "logs", "PutRetentionPolicy", map[string]any{"logGroupName": name, "retentionInDays": days})
		return fmt.Sprintf("Somebody lets the logs of %s be kept for %d days only, past bcn", heritage, days), err
	}
	return "", errors.New("no heritage of that name has logs; the sample app's are hello and hello-staging")
}
