package render

import (
	"slices"

	"github.com/bcn-bot/bcn/internal/manifest"
)

// volumes are the task's: scratch space that goes with it, or a file system
// that outlives it. Traffic to a file system is always encrypted, and the
// task's role is always asked (ECS Developer Guide, "Use Amazon EFS volumes
// with Amazon ECS": IAM needs transit encryption).
func volumes(m manifest.Service) (list []volume, mounts []mountPoint) {
	for _, v := range m.Volumes {
		one := volume{Name: v.Name}
		if v.EFS != nil {
			one.EFSVolumeConfiguration = &efsVolume{
				FilesystemId: v.EFS.FileSystem, RootDirectory: v.EFS.Root, TransitEncryption: "ENABLED",
				AuthorizationConfig: efsAuthorization{AccessPointId: v.EFS.AccessPoint, IAM: "ENABLED"},
			}
		}
		list = append(list, one)
		mounts = append(mounts, mountPoint{SourceVolume: v.Name, ContainerPath: v.Path, ReadOnly: v.ReadOnly})
	}
	return list, mounts
}

// mount is one way in which the heritage's services use a file system.
type mount struct {
	fileSystem, accessPoint string
}

// mountStatements let the tasks mount what their volumes name, through the
// access point where there is one, and write where any service may. Root's
// rights on the file system are never given.
func (s *source) mountStatements() []statement {
	writes := map[mount]bool{}
	var order []mount
	for _, m := range s.Heritage.Services {
		for _, v := range m.Volumes {
			if v.EFS == nil {
				continue
			}
			at := mount{v.EFS.FileSystem, v.EFS.AccessPoint}
			if _, seen := writes[at]; !seen {
				order = append(order, at)
			}
			writes[at] = writes[at] || !v.ReadOnly
		}
	}
	slices.SortFunc(order, func(a, b mount) int {
		return slices.Compare([]string{a.fileSystem, a.accessPoint}, []string{b.fileSystem, b.accessPoint})
	})
	var out []statement
	for _, at := range order {
		out = append(out, s.mountStatement(at, writes[at]))
	}
	return out
}

func (s *source) mountStatement(at mount, write bool) statement {
	arn := func(kind, id string) string {
		return s.District.ARN("elasticfilesystem", kind+"/"+id)
	}
	out := statement{
		Effect: "Allow", Action: []string{"elasticfilesystem:ClientMount"},
		Resource: []string{arn("file-system", at.fileSystem)},
	}
	if write {
		out.Action = append(out.Action, "elasticfilesystem:ClientWrite")
	}
	if at.accessPoint != "" {
		out.Condition = map[string]map[string]any{
			"StringEquals": {"elasticfilesystem:AccessPointArn": arn("access-point", at.accessPoint)},
		}
	}
	return out
}

// FileSystemGrant is an entry of bot.yaml's volumes: the app may mount the file
// system. App may be "*".
type FileSystemGrant struct {
	App, FileSystem string
}

// RefusedFileSystems answers, as "service (file system)" in the file's order,
// the volumes that no entry allows. The boundary lets every task mount every
// file system of the account, so that whose it is must be said.
func RefusedFileSystems(h *manifest.Heritage, app string, grants []FileSystemGrant) []string {
	var out []string
	for _, m := range h.Services {
		for _, v := range m.Volumes {
			if v.EFS == nil || slices.ContainsFunc(grants, func(g FileSystemGrant) bool {
				return (g.App == app || g.App == "*") && g.FileSystem == v.EFS.FileSystem
			}) {
				continue
			}
			out = append(out, m.Name+" ("+v.EFS.FileSystem+")")
		}
	}
	return out
}
