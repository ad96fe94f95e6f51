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
			return w.call("ecr", "DescribeImages", in)["imageDetails"].(l)[0].(m)
		}
		for _, d := range []m{by(m{"imageIds": l{m{"imageTag": "latest"}}}), by(m{"imageIds": l{m{"imageDigest": digest}}}), by(m{})} {
			if tags := d["imageTags"].(l); d["imageDigest"] != digest || len(tags) != 2 || tags[0] != "latest" {
				t.Fatal(d)
			}
		}
	})

	t.Run("leaves an image without tags when its tag moves", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.PutImage("app", "v1", cluster.Image{Digest: "sha256:one"})
		w.PutImage("app", "v1", cluster.Image{Digest: "sha256:two"})
		list := func(status string) l {
			return w.call("ecr", "ListImages", m{"repositoryName": "app", "filter": m{"tagStatus": status}})["imageIds"].(l)
		}
		if u := list("UNTAGGED"); len(u) != 1 || u[0].(m)["imageDigest"] != "sha256:one" {
			t.Fatal(u)
		}
		if len(list("TAGGED")) != 1 || len(list("ANY")) != 2 {
			t.Fatal(list("ANY"))
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
			for _, d := range out["imageDetails"].(l) {
				seen[d.(m)["imageDigest"]] = true
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
		if len(out["failures"].(l)) != 1 || len(out["images"].(l)) != 1 {
			t.Fatal(out)
		}
	})

	t.Run("lists its repositories, not those of other registries", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		w.PutImage("docker.io/library/nginx", "latest", cluster.Image{})
		w.PutRepository("empty")
		out := w.call("ecr", "DescribeRepositories", m{})["repositories"].(l)
		if len(out) != 2 || out[1].(m)["repositoryUri"] != host+"hello" {
			t.Fatal(out)
		}
	})
}

func TestLogs(t *testing.T) {
	t.Parallel()
	fill := func(t *testing.T) *world {
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
	get := func(w *world, in m) (lines []any, out m) {
		in["logGroupName"], in["logStreamName"] = "g", "a"
		out = w.call("logs", "GetLogEvents", in)
		for _, e := range out["events"].(l) {
			lines = append(lines, e.(m)["message"])
		}
		return lines, out
	}

	t.Run("are read from the end by default, and with tokens both ways", func(t *testing.T) {
		t.Parallel()
		w := fill(t)
		last, out := get(w, m{"limit": 3.0})
		if fmt.Sprint(last) != "[a line 7 a line 8 a line 9]" {
			t.Fatal(last)
		}
		before, _ := get(w, m{"limit": 3.0, "nextToken": out["nextBackwardToken"]})
		if fmt.Sprint(before) != "[a line 4 a line 5 a line 6]" {
			t.Fatal(before)
		}
		end, again := get(w, m{"nextToken": out["nextForwardToken"]})
		if len(end) != 0 || again["nextForwardToken"] != out["nextForwardToken"] {
			t.Fatal(end, again)
		}
		head, _ := get(w, m{"limit": 1.0, "startFromHead": true})
		if fmt.Sprint(head) != "[a line 0]" {
			t.Fatal(head)
		}
	})

	t.Run("are filtered over streams in pages", func(t *testing.T) {
		t.Parallel()
		w := fill(t)
		first := w.call("logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": `"line 5"`, "limit": 1.0})
		rest := w.call("logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": `"line 5"`, "limit": 1.0, "nextToken": first["nextToken"]})
		if first["events"].(l)[0].(m)["logStreamName"] != "a" || rest["events"].(l)[0].(m)["message"] != "b line 5" || rest["nextToken"] != nil {
			t.Fatal(first, rest)
		}
		none := w.call("logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": "line -line"})
		if len(none["events"].(l)) != 0 {
			t.Fatal(none)
		}
		w.refused("InvalidParameterException", "filter patterns", "logs", "FilterLogEvents", m{"logGroupName": "g", "filterPattern": "{ $.a = 1 }"})
	})

	t.Run("are forgotten after the retention", func(t *testing.T) {
		t.Parallel()
		w := fill(t)
		w.advance(8 * 24 * time.Hour)
		if lines, _ := get(w, m{}); len(lines) != 0 {
			t.Fatal(lines)
		}
	})

	t.Run("show groups and streams", func(t *testing.T) {
		t.Parallel()
		w := fill(t)
		g := w.call("logs", "DescribeLogGroups", m{"logGroupNamePrefix": "g"})["logGroups"].(l)[0].(m)
		if g["retentionInDays"] != 7 || g["arn"] != "arn:aws:logs:"+region+":"+account+":log-group:g:*" {
			t.Fatal(g)
		}
		s := w.call("logs", "DescribeLogStreams", m{"logGroupName": "g", "orderBy": "LastEventTime", "descending": true})["logStreams"].(l)
		if s[0].(m)["logStreamName"] != "b" || s[0].(m)["lastEventTimestamp"] == nil {
			t.Fatal(s)
		}
	})

	t.Run("say what is not there", func(t *testing.T) {
		t.Parallel()
		w := fill(t)
		w.refused("ResourceNotFoundException", "log group does not exist", "logs", "GetLogEvents", m{"logGroupName": "x", "logStreamName": "a"})
		w.refused("ResourceNotFoundException", "log stream does not exist", "logs", "GetLogEvents", m{"logGroupName": "g", "logStreamName": "x"})
		w.refused("InvalidParameterException", "nextToken", "logs", "GetLogEvents", m{"logGroupName": "g", "logStreamName": "a", "nextToken": "x"})
		w.refused("ResourceAlreadyExistsException", "already exists", "logs", "CreateLogGroup", m{"logGroupName": "g"})
	})
}
