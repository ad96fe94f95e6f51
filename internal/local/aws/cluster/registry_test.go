package cluster_test

import (
	"fmt"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

func TestRegistry(t *testing.T) {
	t.Parallel()

	t.Run("finds an image by tag, by digest, and all of them newest first", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.advance(time.Minute)
		digest := w.PutImage("hello", "v3", cluster.Image{})
		w.PutImage("hello", "latest", cluster.Image{Digest: digest})
		by := func(in m) m {
			in["repositoryName"] = "hello"
			return item(list(w.call("ecr", "DescribeImages", in), "imageDetails"), 0)
		}
		for _, d := range []m{by(m{"imageIds": l{m{"imageTag": "latest"}}}), by(m{"imageIds": l{m{"imageDigest": digest}}}), by(m{})} {
			if tags := list(d, "imageTags"); d["imageDigest"] != digest || len(tags) != 2 || tags[0] != "latest" {
				t.Fatal(d)
			}
		}
	})

	t.Run("leaves an image without tags when its tag moves", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.PutImage("app", "v1", cluster.Image{Digest: "sha256:one"})
		w.PutImage("app", "v1", cluster.Image{Digest: "sha256:two"})
		ids := func(status string) l {
			return list(w.call("ecr", "ListImages", m{"repositoryName": "app", "filter": m{"tagStatus": status}}), "imageIds")
		}
		if u := ids("UNTAGGED"); len(u) != 1 || item(u, 0)["imageDigest"] != "sha256:one" {
			t.Fatal(u)
		}
		if len(ids("TAGGED")) != 1 || len(ids("ANY")) != 2 {
			t.Fatal(ids("ANY"))
		}
	})

	t.Run("answers in pages", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		for i := range 25 {
			w.PutImage("many", fmt.Sprintf("v%d", i), cluster.Image{})
		}
		seen, token := map[any]bool{}, any(nil)
		for range 3 {
			out := w.call("ecr", "DescribeImages", m{"repositoryName": "many", "maxResults": 10.0, "nextToken": token})
			for _, d := range list(out, "imageDetails") {
				seen[as[m](d)["imageDigest"]] = true
			}
			token = out["nextToken"]
		}
		if len(seen) != 25 || token != nil {
			t.Fatal(len(seen), token)
		}
	})

	t.Run("says what is not there", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.refused("RepositoryNotFoundException", "'nope' does not exist in the registry with id '"+account+"'", "ecr", "DescribeImages", m{"repositoryName": "nope"})
		w.refused("RepositoryNotFoundException", "210987654321", "ecr", "DescribeImages", m{"repositoryName": "hello", "registryId": "210987654321"})
		w.refused("ImageNotFoundException", "imageTag:'v9'", "ecr", "DescribeImages", m{"repositoryName": "hello", "imageIds": l{m{"imageTag": "v9"}}})
		out := w.call("ecr", "BatchGetImage", m{"repositoryName": "hello", "imageIds": l{m{"imageTag": "v9"}, m{"imageTag": "v1"}}})
		if len(list(out, "failures")) != 1 || len(list(out, "images")) != 1 {
			t.Fatal(out)
		}
	})

	t.Run("lists its repositories, not those of other registries", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.PutImage("docker.io/library/nginx", "latest", cluster.Image{})
		w.PutRepository("empty")
		out := list(w.call("ecr", "DescribeRepositories", m{}), "repositories")
		if len(out) != 2 || item(out, 1)["repositoryUri"] != host+"hello" {
			t.Fatal(out)
		}
	})
}

// logged is a world with the streams a and b of the group g, ten lines each.
func logged(t *testing.T) *world {
	t.Helper()
	w := newWorld(t)
	w.create("AWS::Logs::LogGroup", "Logs", m{"LogGroupName": "g", "RetentionInDays": "7"})
	for _, s := range []string{"a", "b"} {
		w.call("logs", "CreateLogStream", m{"logGroupName": "g", "logStreamName": s})
		for i := range 10 {
			w.call("logs", "PutLogEvents", m{"logGroupName": "g", "logStreamName": s, "logEvents": l{
				m{"timestamp": float64(w.clock.Now().UnixMilli()), "message": fmt.Sprintf("%s line %d", s, i)},
			}})
			w.advance(time.Second)
		}
	}
	return w
}

func logLines(w *world, in m) (lines []any, out m) {
	in["logGroupName"], in["logStreamName"] = "g", "a"
	out = w.call("logs", "GetLogEvents", in)
	for _, e := range list(out, "events") {
		lines = append(lines, as[m](e)["message"])
	}
	return lines, out
}

func TestLogs(t *testing.T) {
	t.Parallel()

	t.Run("are read from the end by default, and with tokens both ways", func(t *testing.T) {
		t.Parallel()
		w := logged(t)
		last, out := logLines(w, m{"limit": 3.0})
		if fmt.Sprint(last) != "[a line 7 a line 8 a line 9]" {
			t.Fatal(last)
		}
		before, _ := logLines(w, m{"limit": 3.0, "nextToken": out["nextBackwardToken"]})
		if fmt.Sprint(before) != "[a line 4 a line 5 a line 6]" {
			t.Fatal(before)
		}
		end, again := logLines(w, m{"nextToken": out["nextForwardToken"]})
		if len(end) != 0 || again["nextForwardToken"] != out["nextForwardToken"] {
			t.Fatal(end, again)
		}
		head, _ := logLines(w, m{"limit": 1.0, "startFromHead": true})
		if fmt.Sprint(head) != "[a line 0]" {
			t.Fatal(head)
		}
	})

	t.Run("are filtered over streams in pages", func(t *testing.T) {
		t.Parallel()
		w := logged(t)
		first := w.call("logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": `"line 5"`, "limit": 1.0})
		rest := w.call("logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": `"line 5"`, "limit": 1.0, "nextToken": first["nextToken"]})
		if item(list(first, "events"), 0)["logStreamName"] != "a" || item(list(rest, "events"), 0)["message"] != "b line 5" || rest["nextToken"] != nil {
			t.Fatal(first, rest)
		}
		none := w.call("logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": "line -line"})
		if len(list(none, "events")) != 0 {
			t.Fatal(none)
		}
		w.refused("InvalidParameterException", "filter patterns", "logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": "{ $.a = 1 }"})
	})
}

func TestLogGroups(t *testing.T) {
	t.Parallel()

	t.Run("are forgotten after the retention", func(t *testing.T) {
		t.Parallel()
		w := logged(t)
		w.advance(8 * 24 * time.Hour)
		if lines, _ := logLines(w, m{}); len(lines) != 0 {
			t.Fatal(lines)
		}
	})

	t.Run("show groups and streams", func(t *testing.T) {
		t.Parallel()
		w := logged(t)
		g := item(list(w.call("logs", "DescribeLogGroups", m{"logGroupNamePrefix": "g"}), "logGroups"), 0)
		if g["retentionInDays"] != 7 || g["arn"] != "arn:aws:logs:"+region+":"+account+":log-group:g:*" {
			t.Fatal(g)
		}
		s := list(w.call("logs", "DescribeLogStreams", m{"logGroupName": "g", "orderBy": "LastEventTime", "descending": true}), "logStreams")
		if item(s, 0)["logStreamName"] != "b" || item(s, 0)["lastEventTimestamp"] == nil {
			t.Fatal(s)
		}
	})

	t.Run("say what is not there", func(t *testing.T) {
		t.Parallel()
		w := logged(t)
		w.refused("ResourceNotFoundException", "log group does not exist", "logs", "GetLogEvents", m{"logGroupName": "x", "logStreamName": "a"})
		w.refused("ResourceNotFoundException", "log stream does not exist", "logs", "GetLogEvents", m{"logGroupName": "g", "logStreamName": "x"})
		w.refused("InvalidParameterException", "nextToken", "logs", "GetLogEvents", m{"logGroupName": "g", "logStreamName": "a", "nextToken": "x"})
		w.refused("ResourceAlreadyExistsException", "already exists", "logs", "CreateLogGroup", m{"logGroupName": "g"})
	})
}
