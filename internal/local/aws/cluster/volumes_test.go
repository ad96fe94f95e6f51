package cluster_test

import (
	"strings"
	"testing"
	"time"

	"github.com/bcn-bot/bcn/internal/local/aws/cluster"
)

const (
	efs   = "fs-0123456789abcdef0"
	point = "fsap-0123456789abcdef0"
)

// mounted is a registration with one volume that the container mounts.
func mounted(volume, mount m) m {
	return registration(func(s, c m) {
		s["volumes"] = l{volume}
		c["mountPoints"] = l{mount}
	})
}

func onEFS(conf m) m { return m{"name": "data", "efsVolumeConfiguration": conf} }

func TestVolumes(t *testing.T) {
	t.Parallel()
	at := m{"sourceVolume": "data", "containerPath": "/data"}
	for name, x := range map[string]struct{ volume, mount m }{
		"scratch space":                   {m{"name": "data"}, at},
		"a file system":                   {onEFS(m{"fileSystemId": efs}), at},
		"a directory of it, read only":    {onEFS(m{"fileSystemId": efs, "rootDirectory": "/app"}), m{"sourceVolume": "data", "containerPath": "/data", "readOnly": true}},
		"an access point of it, in TLS":   {onEFS(m{"fileSystemId": efs, "transitEncryption": "ENABLED", "authorizationConfig": m{"accessPointId": point, "iam": "ENABLED"}}), at},
		"an access point with the root /": {onEFS(m{"fileSystemId": efs, "transitEncryption": "ENABLED", "rootDirectory": "/", "authorizationConfig": m{"accessPointId": point}}), at},
	} {
		t.Run(name+" is kept as it was given", func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			d := node(w.call("ecs", "RegisterTaskDefinition", mounted(x.volume, x.mount)), "taskDefinition")
			p := item(list(item(list(d, "containerDefinitions"), 0), "mountPoints"), 0)
			if v := item(list(d, "volumes"), 0); v["name"] != "data" || p["containerPath"] != "/data" || p["readOnly"] != x.mount["readOnly"] {
				t.Fatal(d)
			}
		})
	}
	for name, x := range map[string]struct {
		volume, mount m
		text          string
	}{
		"a mount of no volume":                 {m{"name": "other"}, at, "Unknown volume 'data'."},
		"a mount nowhere":                      {m{"name": "data"}, m{"sourceVolume": "data"}, "container path"},
		"a volume without a name":              {m{}, at, "Volume name is invalid"},
		"a directory of the host":              {m{"name": "data", "host": m{"sourcePath": "/var"}}, at, "host.sourcePath"},
		"Docker's own volumes":                 {m{"name": "data", "dockerVolumeConfiguration": m{"scope": "task"}}, at, "not supported on Fargate"},
		"a file system's name":                 {onEFS(m{"fileSystemId": "shared"}), at, "Invalid EFS file system id: shared"},
		"an access point's name":               {onEFS(m{"fileSystemId": efs, "transitEncryption": "ENABLED", "authorizationConfig": m{"accessPointId": "app"}}), at, "Invalid EFS access point id"},
		"an access point without TLS":          {onEFS(m{"fileSystemId": efs, "authorizationConfig": m{"accessPointId": point}}), at, "transit encryption must be enabled"},
		"an access point and a directory":      {onEFS(m{"fileSystemId": efs, "rootDirectory": "/app", "transitEncryption": "ENABLED", "authorizationConfig": m{"accessPointId": point}}), at, "root directory must be omitted"},
		"a directory that is not from its top": {onEFS(m{"fileSystemId": efs, "rootDirectory": "app"}), at, "absolute path"},
	} {
		t.Run(name+" is refused", func(t *testing.T) {
			t.Parallel()
			newWorld(t).refused("ClientException", x.text, "ecs", "RegisterTaskDefinition", mounted(x.volume, x.mount))
		})
	}
}

func TestUlimits(t *testing.T) {
	t.Parallel()
	limit := func(u m) m { return registration(func(_, c m) { c["ulimits"] = l{u} }) }
	t.Run("are kept", func(t *testing.T) {
		t.Parallel()
		w := newWorld(t)
		d := node(w.call("ecs", "RegisterTaskDefinition", limit(m{"name": "nofile", "softLimit": 1024.0, "hardLimit": 4096.0})), "taskDefinition")
		if u := item(list(item(list(d, "containerDefinitions"), 0), "ulimits"), 0); u["softLimit"] != 1024 || u["hardLimit"] != 4096 {
			t.Fatal(u)
		}
	})
	for name, x := range map[string]struct {
		in   m
		text string
	}{
		"that the kernel does not have": {m{"name": "files", "softLimit": 1.0, "hardLimit": 2.0}, "Invalid ulimit name: files"},
		"without a hard one":            {m{"name": "nofile", "softLimit": 1.0}, "must be set"},
		"soft over hard":                {m{"name": "nofile", "softLimit": 3.0, "hardLimit": 2.0}, "must not be greater"},
	} {
		t.Run(name+" are refused", func(t *testing.T) {
			t.Parallel()
			newWorld(t).refused("ClientException", x.text, "ecs", "RegisterTaskDefinition", limit(x.in))
		})
	}
}

func TestPrivateRegistries(t *testing.T) {
	t.Parallel()
	const secret = "arn:aws:secretsmanager:us-east-1:123456789012:secret:quay-AbCdEf"
	for name, x := range map[string]struct {
		credentials string
		prepare     func(*world)
		want        string
	}{
		"runs with credentials":              {secret, func(*world) {}, ""},
		"cannot be pulled without":           {"", func(*world) {}, "CannotPullContainerError: *failed to fetch anonymous token*"},
		"wants credentials that are there":   {secret, func(w *world) { w.missing[secret] = true }, "ResourceInitializationError: unable to pull secrets or registry auth: *from asm*ResourceNotFoundException*"},
		"wants them readable by its role":    {secret, func(w *world) { w.denied["role:secretsmanager:GetSecretValue"] = true }, "ResourceInitializationError: *is not authorized to perform: secretsmanager:GetSecretValue on resource: " + secret + "*"},
		"wants its role to decrypt them too": {secret, func(w *world) { w.denied["role:kms:Decrypt"], w.keyOf[secret] = true, "arn:aws:kms:key" }, "ResourceInitializationError: *is not authorized to perform: kms:Decrypt on resource: arn:aws:kms:key*"},
	} {
		t.Run("an image of one "+name, func(t *testing.T) {
			t.Parallel()
			w := newWorld(t)
			w.PutImage("quay.io/acme/hello", "v1", cluster.Image{Behaviour: cluster.Healthy(), Private: true})
			x.prepare(w)
			w.call("ecs", "RegisterTaskDefinition", registration(func(_, c m) {
				c["image"] = "quay.io/acme/hello:v1"
				if x.credentials != "" {
					c["repositoryCredentials"] = m{"credentialsParameter": x.credentials}
				}
			}))
			arn := item(list(w.call("ecs", "RunTask", w.oneOff(nil)), "tasks"), 0)["taskArn"]
			w.advance(time.Minute)
			got := w.task(arn)
			if x.want == "" {
				if got["lastStatus"] != "RUNNING" {
					t.Fatal(got)
				}
				return
			}
			reason := text(got, "stoppedReason")
			for _, part := range strings.Split(x.want, "*") {
				if !strings.Contains(reason, part) || got["stopCode"] != "TaskFailedToStart" {
					t.Errorf("%s %q lacks %q", got["stopCode"], reason, part)
				}
			}
		})
	}
}
