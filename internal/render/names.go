package render

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strings"

	"github.com/bcn-bot/bcn/internal/bcn"
	"github.com/bcn-bot/bcn/internal/manifest"
)

// The limits of AWS that names must keep.
const (
	maxRoleName  = 64  // IAM: role name
	maxLogGroup  = 512 // CloudWatch Logs: log group name
	maxALBName   = 32  // ELB: load balancer name
	maxFamily    = 255 // ECS: task definition family
	maxDistrict  = 32  // keeps "/bcn/{district}/" and the names below short
	maxTaskGroup = 5   // EC2: security groups of a network interface
)

// BoundaryARN is the permissions boundary of every role of a district's
// heritages.
func BoundaryARN(d bcn.District) string {
	return d.GlobalARN("iam", "policy/bcn/"+d.Name+"/boundary-"+d.Name)
}

// RolePath is the IAM path of a district's roles: the bot may pass only these.
func RolePath(district string) string { return "/bcn/" + district + "/" }

// TaskRole is the name of the role that a heritage's code runs with.
func TaskRole(district, heritage string) string { return roleName(district, heritage, "task") }

// ExecutionRole is the name of the role that ECS starts its tasks with.
func ExecutionRole(district, heritage string) string {
	return roleName(district, heritage, "execution")
}

// RoleARN is the ARN of a role of the district.
func RoleARN(d bcn.District, name string) string {
	return d.GlobalARN("iam", "role"+RolePath(d.Name)+name)
}

// LogGroup is the log group of a heritage's tasks. Its streams are
// {heritage}/{service}/{task id}.
func LogGroup(district, heritage string) string {
	return "Barcelona/" + district + "/" + heritage
}

// Family is the task definition family of a service.
func Family(heritage, service string) string { return heritage + "-" + service }

// LogicalID is the logical id of a service's ECS service.
func LogicalID(name string) string { return strings.ReplaceAll(name, "-", "") }

// EndpointStack is the name of an endpoint's stack.
func EndpointStack(name string) string { return "endpoint-" + name }

// roleName always has a hash of the whole: names of roles are unique in the
// account, whatever their path and case (IAM User Guide, "IAM identifiers"), and
// hyphens do not say where a district's name ends. The hash is part of what is
// kept where a name is too long.
func roleName(district, heritage, kind string) string {
	return hashed("bcn-"+district+"-"+heritage, "-"+kind, maxRoleName, district, heritage)
}

// hashed answers name, a hash of the parts and end, of which name gives way to
// the limit. No two lists of parts have the same name.
func hashed(name, end string, limit int, parts ...string) string {
	sum := sha256.Sum256([]byte(strings.Join(parts, "\x00")))
	end = "-" + hex.EncodeToString(sum[:])[:12] + end
	return strings.TrimRight(name[:min(len(name), limit-len(end))], "-") + end
}

// CheckName answers bad_name or reserved_name where a heritage, district or
// endpoint cannot be called so: letters, digits and hyphens, a letter first,
// no hyphen last, two characters at least and max at most.
func CheckName(name string, maxLength int) error {
	if why := manifest.NameProblem(name); why != "" {
		return bcn.E(bcn.CodeReservedName, "name", name)
	}
	if len(name) < 2 || !letter(name[0]) || name[len(name)-1] == '-' || strings.Trim(name, nameCharacters) != "" {
		return bcn.E(bcn.CodeBadName, "name", name, "rule", "letters, digits and hyphens, a letter first, no hyphen last")
	}
	if len(name) > maxLength {
		return bcn.E(bcn.CodeBadName, "name", name, "rule", fmt.Sprintf("at most %d characters", maxLength))
	}
	return nil
}

const nameCharacters = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-"

func letter(c byte) bool { return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' }

// checkNames holds every limit before anything is rendered.
func checkNames(d bcn.District, h *manifest.Heritage) error {
	if err := CheckName(d.Name, maxDistrict); err != nil {
		return err
	}
	if err := CheckName(h.Name, manifest.MaxName); err != nil {
		return err
	}
	if n := len(LogGroup(d.Name, h.Name)); n > maxLogGroup {
		return bcn.E(bcn.CodeBadName, "name", h.Name, "rule", fmt.Sprintf("its log group has %d characters, at most %d", n, maxLogGroup))
	}
	seen := map[string]string{}
	for _, s := range h.Services {
		if n := len(Family(h.Name, s.Name)); n > maxFamily {
			return bcn.E(bcn.CodeBadName, "name", s.Name, "rule", fmt.Sprintf("its task definition has %d characters, at most %d", n, maxFamily))
		}
		id := LogicalID(s.Name)
		if other, taken := seen[id]; taken {
			return bcn.E(bcn.CodeNameTaken, "name", s.Name, "by", other)
		}
		seen[id] = s.Name
	}
	return nil
}
