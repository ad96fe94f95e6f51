package app

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/config"
	"github.com/bcn-bot/bcn/internal/roles"
)

// IAMArgs are the flags of `bot iam`.
type IAMArgs struct {
	District  string `required:"" help:"The district's name."`
	Account   string `help:"Its AWS account (default: bcn's own)."`
	Region    string `help:"Its region (default: AWS_REGION)."`
	Principal string `help:"The ARN as which bcn runs (default: as whom it would call now)."`
	Cluster   string `help:"Its ECS cluster (default: the district's name)."`
	Bucket    string `help:"Its bucket for large templates."`
	Access    bool   `help:"The roles and session documents of time-boxed access instead, as bot.yaml says."`

	TaskActions []string `help:"What task_role of barcelona.yml may give, such as s3:GetObject,s3:PutObject (default: nothing beyond what bcn gives)."`
}

// IAM prints the roles of a district. What is not given is what bcn itself
// runs as and where. Those of access are made with what bot.yaml says of them,
// and with the defaults where there is no bot.yaml.
func IAM(ctx context.Context, a IAMArgs, out io.Writer) error {
	p, err := ReadProcess()
	if err != nil {
		return err
	}
	if missing := p.Require("BCN_KEY"); len(missing) > 0 {
		return problems(missing)
	}
	if a.Region == "" {
		a.Region = p.AWSRegion
	}
	if a.Account == "" || a.Principal == "" {
		aws, err := awsx.New(ctx, awsx.Options{Region: a.Region, Endpoint: p.AWSEndpointURL})
		if err != nil {
			return Outside(err)
		}
		self, err := aws.For(bcn.Target{}).Caller(ctx)
		if err != nil {
			return Outside(fmt.Errorf("ask AWS who bcn is (or give --account and --principal): %w", err))
		}
		if a.Account == "" {
			a.Account = self.Account
		}
		if a.Principal == "" {
			a.Principal = principal(self.ARN)
		}
	}
	in := roles.Input{
		District: a.District, Account: a.Account, Region: a.Region, BotPrincipal: a.Principal,
		ExternalID: ExternalID(audit.Key(p.Key.Reveal()))(a.District), Cluster: a.Cluster, Bucket: a.Bucket,
		TaskActions: a.TaskActions,
	}
	write := roles.Template
	if a.Access {
		cfg, err := ReadConfig(p.ConfigPath)
		if errors.Is(err, fs.ErrNotExist) {
			cfg, err = &config.Config{}, nil
		}
		if err != nil {
			return err
		}
		write = func(in roles.Input) ([]byte, error) { return roles.AccessTemplate(accessInput(cfg, in)) }
	}
	template, err := write(in)
	if err != nil {
		return Wrong(err)
	}
	_, err = out.Write(append(template, '\n'))
	return err
}

// principal makes the ARN that a trust policy names of the ARN that STS tells:
// an assumed role's session stands for its role.
func principal(arn string) string {
	prefix, rest, ok := strings.Cut(arn, ":assumed-role/")
	if !ok {
		return arn
	}
	role, _, _ := strings.Cut(rest, "/")
	return strings.Replace(prefix, ":sts:", ":iam:", 1) + ":role/" + role
}
