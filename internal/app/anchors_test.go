package app

import (
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	awssdk "github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/credentials"
	"github.com/aws/aws-sdk-go-v2/service/s3"

	"github.com/bcn-bot/bcn/internal/audit"
	"github.com/bcn-bot/bcn/internal/deploy"
	localaws "github.com/bcn-bot/bcn/internal/local/aws"
	localslack "github.com/bcn-bot/bcn/internal/local/slack"
)

// The head of the log is told outside, so that an older log which was put back
// whole is found out, or one whose end was cut off.
func TestAnchors(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	w.config += "audit: { anchor: { s3: { bucket: anchors, prefix: bcn/, retain: 30d } } }\n"
	c := s3.NewFromConfig(awssdk.Config{
		Region: localaws.DefaultRegion, BaseEndpoint: awssdk.String(w.aws.URL()),
		Credentials: credentials.NewStaticCredentialsProvider("AKIDADMINISTRATOR", "any", ""),
	}, func(o *s3.Options) { o.UsePathStyle = true })
	_, err := c.CreateBucket(t.Context(), &s3.CreateBucketInput{Bucket: awssdk.String("anchors"), ObjectLockEnabledForBucket: awssdk.Bool(true)})
	if err != nil {
		t.Fatal(err)
	}
	s := w.open()
	halt := func(on bool) {
		if err := s.SetHalt(t.Context(), deploy.Origin{}, "U0ADMIN", on, "a drill"); err != nil {
			t.Fatal(err)
		}
	}
	halt(true)
	w.sql(t, `create table older as select * from audit_entry`)
	w.sql(t, `create table older_head as select * from audit_head`)
	halt(false)
	a, stop := w.bot()
	w.wait(func(m localslack.Message) bool {
		return m.Channel == "C0SEC" && all(shown(m), []string{"⚓", "bot audit verify"})
	}, "an anchor")
	t.Run("the log is shown to administrators, and sent to them as files", func(t *testing.T) {
		w := w.in(t)
		w.slash("U0DEV", "C0DEPLOYS", "audit")
		w.told("U0DEV", "audit", "admins")
		w.slash("U0ADMIN", "C0DEPLOYS", "audit --what halt")
		w.told("U0ADMIN", "Audit log", "*halted* bcn", "a drill")
		w.slash("U0ADMIN", "C0DEPLOYS", "audit --export")
		m := w.wait(func(m localslack.Message) bool { return len(m.Files) == 2 }, "two files")
		if m.Files[0].Name != "bcn-audit-1-"+strings.TrimPrefix(strings.TrimSuffix(m.Files[0].Name, ".jsonl"), "bcn-audit-1-")+".jsonl" ||
			!strings.Contains(m.Files[0].Content(), `"kind":"halt"`) || !strings.Contains(m.Files[1].Content(), ",halt,") || !strings.HasPrefix(m.Channel, "D") {
			t.Errorf("%s: %+v", m.Channel, m.Files)
		}
	})
	stop()
	places := anchorPlaces{to: a.o.Config.Audit.Anchor, store: s, aws: a.aws, api: a.api, externalID: a.deploy.ExternalID}
	if err := places.keep(t.Context(), a.o.Now()); err != nil { // where the loop was stopped before
		t.Fatal(err)
	}
	whole := func() (string, error) {
		var out strings.Builder
		v := verifier{out: &out, store: s, process: a.o.Process}
		for _, err := range []error{v.fromBucket(t.Context(), places, a.o.AWS), v.fromChannel(t.Context(), places)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		return out.String(), v.verify(t.Context())
	}
	t.Run("the channel and the bucket agree with the log", func(t *testing.T) {
		said, err := whole()
		if err != nil || !all(said, []string{"1 anchors in s3://anchors", "1 anchors in the channel C0SEC"}) {
			t.Errorf("%v %s", err, said)
		}
	})
	t.Run("an anchor that was taken away is missed, once it had the time to be told", func(t *testing.T) {
		w := w.in(t)
		old := audit.Key(a.o.Process.Key.Reveal()).Anchor(ask[string](t, w, `select id::text from installation`), 1, make([]byte, 32), a.o.Now().Add(-2*time.Hour))
		w.sql(t, `insert into audit_anchor (seq, hash, at, mac) values (1, $1, $2, $3)`, old.Hash, old.At, old.MAC)
		v := verifier{out: io.Discard, store: s, process: a.o.Process}
		for name, err := range map[string]error{
			"the channel": v.fromChannel(t.Context(), places), "S3": v.fromBucket(t.Context(), places, a.o.AWS),
			"nowhere": v.absent(t.Context(), "what could be read", nil, true),
			"one that somebody else made": v.absent(t.Context(), "the channel", []audit.Anchor{
				audit.Key("another key for tests, 32 bytes!").Anchor("x", 1, make([]byte, 32), a.o.Now()),
			}, true),
		} {
			if !all(fmt.Sprint(err), []string{"1 anchors that bcn made are not in", "removed"}) {
				t.Errorf("%s: %v", name, err)
			}
		}
		w.sql(t, `delete from audit_anchor where seq = 1`)
	})
	t.Run("an anchor that somebody else put there proves nothing", func(t *testing.T) {
		forged := audit.Key("another key for tests, 32 bytes!").Anchor("x", 1, make([]byte, 32), a.o.Now())
		var out strings.Builder
		v := verifier{out: &out, store: s, process: a.o.Process}
		v.add("the channel", []audit.Anchor{forged})
		if err := v.verify(t.Context()); err != nil || !strings.Contains(out.String(), "1 that were not made with this BCN_KEY") {
			t.Errorf("%v %s", err, out.String())
		}
	})
	t.Run("an older log that is put back whole is found", func(t *testing.T) {
		put := func(entries, head string) {
			for _, sql := range []string{
				`alter table audit_entry disable trigger all`, `delete from audit_entry`, `insert into audit_entry select * from ` + entries,
				`delete from audit_head`, `insert into audit_head select * from ` + head,
			} {
				w.sql(t, sql)
			}
		}
		w.sql(t, `create table newer as select * from audit_entry`)
		w.sql(t, `create table newer_head as select * from audit_head`)
		put("older", "older_head")
		_, err := whole()
		var disagree *audit.AnchorError
		var exit *ExitError
		if !errors.As(err, &disagree) || !errors.As(err, &exit) || exit.Code != ExitWrong || !strings.Contains(err.Error(), "an older log was put back") {
			t.Errorf("%v", err)
		}
		// Written on, it is as long as before, and another.
		for range 20 {
			halt(true)
		}
		if _, err := whole(); !errors.As(err, &disagree) || !strings.Contains(err.Error(), "another entry has this number") {
			t.Errorf("%v", err)
		}
		put("newer", "newer_head")
		if _, err := whole(); err != nil {
			t.Error(err)
		}
	})
	t.Run("an anchor that was noted by hand is compared too", func(t *testing.T) {
		head, err := s.Head(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		for text, whole := range map[string]bool{head.String(): true, strings.Replace(head.String(), ":", ":f", 1)[:len(head.String())]: false} {
			x, err := audit.ParseAnchor(text)
			if err != nil {
				t.Fatal(err)
			}
			v := verifier{out: new(strings.Builder), store: s, process: a.o.Process, anchors: []audit.Anchor{x}}
			if err := v.verify(t.Context()); (err == nil) != whole {
				t.Errorf("%s: %v", text, err)
			}
		}
	})
}
