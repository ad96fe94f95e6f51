package cluster

import (
	"regexp"
	"slices"
	"strings"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

var (
	volumeName  = regexp.MustCompile(`^[A-Za-z0-9_-]{1,255}$`)
	fileSystem  = regexp.MustCompile(`^fs-([0-9a-f]{8}|[0-9a-f]{17})$`)
	accessPoint = regexp.MustCompile(`^fsap-([0-9a-f]{8}|[0-9a-f]{17})$`)
)

// ulimits are the names of ECS's API reference, Ulimit.
var ulimits = [...]string{
	"core", "cpu", "data", "fsize", "locks", "memlock", "msgqueue", "nice", "nofile", "nproc", "rss", "rtprio", "rttime", "sigpending", "stack",
}

// checkVolumes refuses volumes that RegisterTaskDefinition refuses, and mounts
// of what is no volume.
func checkVolumes(spec tree) error {
	fargate := slices.Contains(spec.strs("requiresCompatibilities"), "FARGATE")
	names := map[string]bool{}
	for _, v := range spec.items("volumes") {
		name := v.str("name")
		switch {
		case !volumeName.MatchString(name):
			return wire.Errorf("ClientException", "Volume name is invalid: %s", name)
		case names[name]:
			return wire.Errorf("ClientException", "Volume names must be unique: %s", name)
		case v.has("host") && v.has("efsVolumeConfiguration"):
			return wire.Errorf("ClientException", "Only one volume configuration can be specified for volume %s.", name)
		case fargate && v.node("host").str("sourcePath") != "":
			return wire.Errorf("ClientException", "host.sourcePath should not be set for volumes in Fargate.")
		case fargate && v.has("dockerVolumeConfiguration"):
			return wire.Errorf("ClientException", "dockerVolumeConfiguration is not supported on Fargate.")
		}
		names[name] = true
		if v.has("efsVolumeConfiguration") {
			if err := checkEFS(v.node("efsVolumeConfiguration")); err != nil {
				return err
			}
		}
	}
	return checkMounts(spec, names)
}

// checkEFS refuses file systems that cannot be (ECS API reference,
// EFSVolumeConfiguration and EFSAuthorizationConfig).
func checkEFS(c tree) error {
	id, auth := c.str("fileSystemId"), c.node("authorizationConfig")
	point, root := auth.str("accessPointId"), c.str("rootDirectory")
	encrypted := c.str("transitEncryption") == "ENABLED"
	switch {
	case !fileSystem.MatchString(id):
		return wire.Errorf("ClientException", "Invalid EFS file system id: %s", id)
	case point != "" && !accessPoint.MatchString(point):
		return wire.Errorf("ClientException", "Invalid EFS access point id: %s", point)
	case point != "" && root != "" && root != "/":
		return wire.Errorf("ClientException", "The root directory must be omitted or set to / when an EFS access point is specified.")
	case !encrypted && (point != "" || auth.str("iam") == "ENABLED"):
		return wire.Errorf("ClientException", "EFS transit encryption must be enabled when an access point or IAM authorization is used.")
	case root != "" && !strings.HasPrefix(root, "/"):
		return wire.Errorf("ClientException", "The root directory of an EFS volume must be an absolute path: %s", root)
	}
	return nil
}

func checkMounts(spec tree, volumes map[string]bool) error {
	for _, cd := range spec.items("containerDefinitions") {
		taken := map[string]bool{}
		for _, p := range cd.items("mountPoints") {
			path := p.str("containerPath")
			switch {
			case !volumes[p.str("sourceVolume")]:
				return wire.Errorf("ClientException", "Unknown volume '%s'.", p.str("sourceVolume"))
			case path == "":
				return wire.Errorf("ClientException", "The container path of a mount point should not be empty.")
			case taken[path]:
				return wire.Errorf("ClientException", "Duplicate mount point: %s", path)
			}
			taken[path] = true
		}
	}
	return nil
}

// checkUlimits refuses limits that the kernel does not have, and a soft one
// over the hard one.
func checkUlimits(cd tree) error {
	for _, u := range cd.items("ulimits") {
		name := u.str("name")
		switch {
		case !slices.Contains(ulimits[:], name):
			return wire.Errorf("ClientException", "Invalid ulimit name: %s", name)
		case !u.has("softLimit") || !u.has("hardLimit"):
			return wire.Errorf("ClientException", "Both softLimit and hardLimit of the ulimit %s must be set.", name)
		case u.num("softLimit", 0) > u.num("hardLimit", 0):
			return wire.Errorf("ClientException", "The softLimit of the ulimit %s must not be greater than its hardLimit.", name)
		}
	}
	return nil
}
