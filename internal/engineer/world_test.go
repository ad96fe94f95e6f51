package engineer_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"os/signal"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/access"
	"github.com/bcn-bot/bcn/internal/awsx"
	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/engineer"
	"github.com/bcn-bot/bcn/internal/local/aws"
	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
	"github.com/bcn-bot/bcn/internal/local/aws/wire"
	"github.com/bcn-bot/bcn/internal/roles"
)

// asEngineer makes the test binary open grant 1042, so that tests have a
// process of its own in a terminal of its own.
const asEngineer = "BCN_TEST_AS_ENGINEER"

func TestMain(m *testing.M) {
	if os.Getenv(asEngineer) == "" {
		os.Exit(m.Run())
	}
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	err := engineer.Open(ctx, engineer.Options{In: os.Stdin, Out: os.Stdout, Err: os.Stderr, Plugin: os.Getenv(asEngineer)}, id)
	if err != nil {
		fmt.Fprintln(os.Stderr, "bot:", err)
		os.Exit(1) //nolint:gocritic // the process ends, and its signals with it
	}
}

const (
	id = bcn.ID(1042)
	// patience bounds every wait, by the machine's clock.
	patience = 30 * time.Second
)

// start is the account's time at the start of each test with a clock of its own.
var start = time.Date(2026, 11, 21, 10, 0, 0, 0, time.UTC)

// world is a local AWS with the sample, the roles and documents of access, and
// bcn as their assumer.
type world struct {
	*aws.Server
	clock *wire.ManualClock // nil: the machine's
	bot   *awsx.Session
}

func newWorld(t *testing.T, o aws.Options) *world {
	t.Helper()
	w := &world{}
	w.clock, _ = o.Clock.(*wire.ManualClock)
	o.Sample = true
	var err error
	if w.Server, err = aws.New(o); err != nil {
		t.Fatal(err)
	}
	if err := w.Start(t.Context(), "127.0.0.1:0"); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = w.Close() })
	client, err := awsx.New(t.Context(), awsx.Options{Region: aws.DefaultRegion, Endpoint: w.URL(), Isolated: true})
	if err != nil {
		t.Fatal(err)
	}
	w.bot = client.For(bcn.Target{District: bcn.District{Region: aws.DefaultRegion}})
	return w
}

// manual is an account whose clock the test moves.
func manual() aws.Options { return aws.Options{Clock: wire.NewManualClock(start)} }

func (w *world) now() time.Time {
	if w.clock == nil {
		return time.Now()
	}
	return w.clock.Now()
}

func onNode() access.Target {
	return access.Target{
		Kind: access.Instance, District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion,
		Node: aws.SampleNode, Session: 10 * time.Minute,
	}
}

// mint is what bcn hands over for a target, for ten minutes from now.
func (w *world) mint(t *testing.T, target access.Target) access.Credentials {
	t.Helper()
	end := w.now().Add(10 * time.Minute)
	policy, err := access.Policy(target, end)
	if err != nil {
		t.Fatal(err)
	}
	keys, err := w.bot.Assume(t.Context(), awsx.Assume{
		Role: target.RoleARN(), ExternalID: "any", Session: access.SessionName(id, 1), Identity: "dana", Policy: policy, Seconds: 900,
	})
	if err != nil {
		t.Fatal(err)
	}
	return access.Credentials{
		AccessKeyID: access.NewSecret(keys.ID()), SecretAccessKey: access.NewSecret(keys.Secret()), SessionToken: access.NewSecret(keys.Token()),
		Expiration: keys.Expiration, Grant: id, End: end, Target: target,
	}
}

// taskStack is a task that can be entered.
const taskStack = `{"AWSTemplateFormatVersion":"2010-09-09","Resources":{
	"Role":{"Type":"AWS::IAM::Role","Properties":{"RoleName":"console",
		"AssumeRolePolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Principal":{"Service":"ecs-tasks.amazonaws.com"},"Action":"sts:AssumeRole"}]},
		"Policies":[{"PolicyName":"exec","PolicyDocument":{"Version":"2012-10-17","Statement":[{"Effect":"Allow","Resource":"*","Action":[
			"ssmmessages:CreateControlChannel","ssmmessages:CreateDataChannel","ssmmessages:OpenControlChannel","ssmmessages:OpenDataChannel"]}]}}]}},
	"Console":{"Type":"AWS::ECS::TaskDefinition","Properties":{"Family":"console","NetworkMode":"awsvpc","Cpu":"256","Memory":"512",
		"RequiresCompatibilities":["FARGATE"],"TaskRoleArn":{"Fn::GetAtt":["Role","Arn"]},
		"ContainerDefinitions":[{"Name":"main","Image":"docker.io/library/shell:1"}]}}}}`

// task starts a task, whose agent is not ready before the clock moves on.
func (w *world) task(t *testing.T) access.Target {
	t.Helper()
	w.Cluster().PutImage("docker.io/library/shell", "1", cluster.Image{Behaviour: cluster.Healthy()})
	w.apply(t, "console", taskStack, true)
	run, err := w.bot.RunTask(t.Context(), awsx.Run{
		Cluster: "default", TaskDefinition: "console", Container: "main", Command: []string{"sleep", "600"}, Name: "bcn-g1042", Exec: true,
		Subnets: []string{"subnet-0a11ce00000000001"}, SecurityGroups: []string{"sg-0a11ce00000000001"},
	})
	if err != nil {
		t.Fatal(err)
	}
	return access.Target{
		Kind: access.OwnTask, District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion,
		Cluster: "default", Task: run.ARN[strings.LastIndex(run.ARN, "/")+1:], Container: "main",
	}
}

// apply creates or changes a stack, by the test's clock.
func (w *world) apply(t *testing.T, stack, template string, create bool) {
	t.Helper()
	set, _, err := w.bot.CreateChangeSet(t.Context(), awsx.NewChangeSet{
		Name: "x", Stack: stack, Create: create, Template: []byte(template), Capabilities: []string{"CAPABILITY_NAMED_IAM"},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	if err := w.bot.ExecuteChangeSet(t.Context(), stack, set, "x", create); err != nil {
		t.Fatal(err)
	}
	w.clock.Advance(time.Minute)
	got, err := w.bot.Stack(t.Context(), stack)
	if err != nil || !strings.HasSuffix(got.Status, "E_COMPLETE") {
		t.Fatalf("%s, %v", got.Status, err)
	}
}

// database adds the port of a database to what access opens.
func (w *world) database(t *testing.T) access.Target {
	t.Helper()
	template, err := roles.AccessTemplate(roles.AccessInput{
		Input: roles.Input{
			District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion, Cluster: "default",
			BotPrincipal: "arn:aws:iam::" + aws.DefaultAccount + ":root", AnyExternalID: true,
		},
		Ports: []roles.DatabasePort{{Name: "main", Host: "db.internal", Port: 5432}},
	})
	if err != nil {
		t.Fatal(err)
	}
	w.apply(t, "bcn-access-default", string(template), false)
	return access.Target{
		Kind: access.Port, District: "default", Account: aws.DefaultAccount, Region: aws.DefaultRegion, Node: aws.SampleNode, Database: "main",
	}
}

// screen is what an engineer sees.
type screen struct {
	mu   sync.Mutex
	more *sync.Cond
	text bytes.Buffer
	over bool
}

func newScreen() *screen {
	s := &screen{}
	s.more = sync.NewCond(&s.mu)
	return s
}

func (s *screen) Write(b []byte) (int, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.more.Broadcast()
	_, _ = s.text.Write(bytes.ReplaceAll(b, []byte("\r"), nil)) // it never fails
	return len(b), nil
}

func (s *screen) String() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.text.String()
}

// ended says that nothing more will be written.
func (s *screen) ended() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.over = true
	s.more.Broadcast()
}

// expect waits until the text is there, and answers all.
func (s *screen) expect(t *testing.T, text string) string {
	t.Helper()
	late := false
	timer := time.AfterFunc(patience, func() {
		s.mu.Lock()
		defer s.mu.Unlock()
		late = true
		s.more.Broadcast()
	})
	defer timer.Stop()
	s.mu.Lock()
	defer s.mu.Unlock()
	for !strings.Contains(s.text.String(), text) {
		if late || s.over {
			t.Fatalf("no %q in:\n%s", text, s.text.String())
		}
		s.more.Wait()
	}
	return s.text.String()
}

// recipient waits for the line for chat and answers the key in it.
func (s *screen) recipient(t *testing.T) string {
	t.Helper()
	text := s.expect(t, "/bcn access open 1042 age1")
	_, rest, _ := strings.Cut(text, "/bcn access open 1042 ")
	return strings.Fields(rest)[0]
}

// sealed is how the bot answers in chat: in lines of 400.
func sealed(t *testing.T, recipient string, c access.Credentials) (one, lines string) {
	t.Helper()
	one, err := access.Seal(recipient, c)
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for rest := one; rest != ""; {
		n := min(400, len(rest))
		b.WriteString(rest[:n] + "\n")
		rest = rest[n:]
	}
	return one, b.String()
}
