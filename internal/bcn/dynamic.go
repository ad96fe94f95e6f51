package bcn

import "strings"

// Dynamic says that CloudFormation would take part of a text for a dynamic
// reference (CloudFormation User Guide, "Get values stored in other services
// using dynamic references").
func Dynamic(s string) bool {
	return strings.Contains(strings.Join(strings.Fields(strings.ToLower(s)), ""), "{{resolve:")
}
