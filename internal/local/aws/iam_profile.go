package aws

import (
	"context"
	"net/http"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// profile is what gives a machine its role.
type profile struct {
	arn, role string // ARNs
}

// iamProfile is AWS::IAM::InstanceProfile. Its actions are those of the
// handler's permissions in the type's published schema.
type iamProfile struct{ *Account }

var (
	_ wire.Resource = iamProfile{}
	_ wire.Named    = iamProfile{}
)

func (a iamProfile) arn(r wire.Request) string {
	path := text(r.Properties, "Path")
	if path == "" {
		path = "/"
	}
	return "arn:aws:iam::" + r.Account + ":instance-profile" + path + text(r.Properties, "InstanceProfileName")
}

// Taken implements wire.Named.
func (a iamProfile) Taken(_ context.Context, r wire.Request) (name string, taken bool) {
	a.mu.Lock()
	defer a.mu.Unlock()
	name = text(r.Properties, "InstanceProfileName")
	return name, a.profiles[name] != nil
}

// give puts the role in, which who does it must be allowed to pass to machines
// (IAM API Reference, AddRoleToInstanceProfile).
func (a iamProfile) give(r wire.Request, p *profile) error {
	roles := texts(r.Properties, "Roles")
	if len(roles) != 1 {
		return &wire.Error{Code: "LimitExceeded", Message: "Cannot exceed quota for InstanceSessionsPerInstanceProfile: 1", Status: http.StatusConflict}
	}
	to, ok := a.roleNamed(roles[0])
	if !ok {
		return noSuchRole(roles[0])
	}
	if err := r.Authorize("iam:AddRoleToInstanceProfile", p.arn, nil); err != nil {
		return err
	}
	if err := r.Authorize("iam:PassRole", to.arn, map[string][]string{"iam:PassedToService": {"ec2.amazonaws.com"}}); err != nil {
		return err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	p.role = to.arn
	return nil
}

func (a iamProfile) Create(_ context.Context, r wire.Request) (string, map[string]string, error) {
	name := text(r.Properties, "InstanceProfileName")
	p := &profile{arn: a.arn(r)}
	for _, action := range []string{"iam:CreateInstanceProfile", "iam:GetInstanceProfile"} {
		if err := r.Authorize(action, p.arn, nil); err != nil {
			return "", nil, err
		}
	}
	if err := a.give(r, p); err != nil {
		return "", nil, err
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	if a.profiles[name] != nil {
		return "", nil, &wire.Error{Code: "EntityAlreadyExists", Message: "Instance Profile " + name + " already exists.", Status: http.StatusConflict}
	}
	a.profiles[name] = p
	return name, map[string]string{"Arn": p.arn}, nil
}

func (a iamProfile) Update(_ context.Context, name string, r wire.Request) (map[string]string, error) {
	a.mu.Lock()
	p := a.profiles[name]
	a.mu.Unlock()
	if p == nil {
		return nil, &wire.Error{Code: "NoSuchEntity", Message: "Instance Profile " + name + " cannot be found.", Status: http.StatusNotFound}
	}
	if err := r.Authorize("iam:RemoveRoleFromInstanceProfile", p.arn, nil); err != nil {
		return nil, err
	}
	return map[string]string{"Arn": p.arn}, a.give(r, p)
}

func (a iamProfile) Delete(_ context.Context, name string, r wire.Request) error {
	a.mu.Lock()
	p := a.profiles[name]
	a.mu.Unlock()
	if p == nil {
		return nil
	}
	for _, action := range []string{"iam:RemoveRoleFromInstanceProfile", "iam:DeleteInstanceProfile"} {
		if err := r.Authorize(action, p.arn, nil); err != nil {
			return err
		}
	}
	a.mu.Lock()
	defer a.mu.Unlock()
	delete(a.profiles, name)
	return nil
}

// Ready is at once.
func (a iamProfile) Ready(context.Context, string, wire.Request) (bool, error) { return true, nil }
