package config

import (
	"strings"
	"testing"
	"time"
)

func TestAuditOfTheFile(t *testing.T) {
	t.Parallel()
	const channels = "slack: { channels: { security: C0SEC } }\n"
	t.Run("anchors go to the security channel once a day where nothing is said", func(t *testing.T) {
		t.Parallel()
		c, problems := Load("bot.yaml", []byte(least+channels), Options{})
		if len(problems) > 0 || c.Audit.Anchor.Channel != "C0SEC" || c.Audit.Anchor.Every != 24*time.Hour || c.Audit.Anchor.S3 != nil || c.Audit.Reconcile != "0 4 * * *" {
			t.Errorf("%v %+v", problems, c)
		}
	})
	t.Run("without a security channel there is none", func(t *testing.T) {
		t.Parallel()
		if c, problems := Load("bot.yaml", []byte(least), Options{}); len(problems) > 0 || c.Audit.Anchor.Channel != "" {
			t.Errorf("%v %+v", problems, c)
		}
	})
	t.Run("all of it can be said", func(t *testing.T) {
		t.Parallel()
		c, problems := Load("bot.yaml", []byte(least+channels+`audit:
  anchor:
    every: 6h
    channel: off
    s3: { bucket: acme-anchors, prefix: bcn/, role: "arn:aws:iam::123456789012:role/anchors", region: eu-west-1, retain: 30d }
  reconcile: off
`), Options{})
		if len(problems) > 0 {
			t.Fatal(problems)
		}
		want := AnchorS3{Bucket: "acme-anchors", Prefix: "bcn/", Role: "arn:aws:iam::123456789012:role/anchors", Region: "eu-west-1", Retain: 30 * wholeDay}
		if a := c.Audit.Anchor; a.Every != 6*time.Hour || a.Channel != "" || *a.S3 != want || c.Audit.Reconcile != Off {
			t.Errorf("%+v %+v", c.Audit, a.S3)
		}
	})
	for wrong, want := range map[string]string{
		"audit: { anchor: { every: 40d } }":                                                    "audit.anchor.every must be a time",
		"audit: { anchor: { every: 999h } }":                                                   "without a witness",
		"audit: { anchor: { channel: secret } }":                                               "neither security nor off nor a channel id",
		"audit: { anchor: { s3: { prefix: a/ } } }":                                            "audit.anchor.s3 needs bucket",
		"audit: { anchor: { s3: { bucket: A } } }":                                             "is not a bucket's name",
		"audit: { anchor: { s3: { bucket: abc, prefix: a } } }":                                "ends in /",
		"audit: { anchor: { s3: { bucket: abc, retain: 5h } } }":                               "a number of days",
		"audit: { anchor: { s3: { bucket: abc, retain: 0d } } }":                               "between 1d and 36500d",
		"audit: { anchor: { s3: { bucket: abc, region: here } } }":                             "is not a region",
		"audit: { anchor: { s3: { bucket: abc, role: admin } } }":                              "is not the ARN of a role",
		"audit: { anchor: { s3: { bucket: abc, district: d, role: '" + roleForTest + "' } } }": "both district and role",
		"audit: { reconcile: never }":                                                          "neither off nor a schedule",
		"audit: { ancor: {} }":                                                                 `did you mean "anchor"`,
	} {
		t.Run(wrong, func(t *testing.T) {
			t.Parallel()
			if _, problems := Load("bot.yaml", []byte(least+wrong+"\n"), Options{}); len(problems) != 1 || !strings.Contains(problems[0].Message, want) {
				t.Errorf("%v", problems)
			}
		})
	}
}

const roleForTest = "arn:aws:iam::123456789012:role/anchors"
