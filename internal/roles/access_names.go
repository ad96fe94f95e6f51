package roles

import "strconv"

// SessionMinutes are the lengths for which a district has a session document,
// in minutes, the shortest first. The longest is what a role allows at most.
func SessionMinutes() []int { return []int{5, 10, 15, 30, 60} }

// SessionDocumentName is the name of the document whose sessions AWS itself
// ends after so many minutes.
func SessionDocumentName(district string, minutes int) string {
	return "bcn-" + district + "-session-" + strconv.Itoa(minutes) + "m"
}

// SessionDocuments is the pattern of the names of a district's session
// documents.
func SessionDocuments(district string) string { return "bcn-" + district + "-session-*" }

// PortDocuments is the pattern of the names of a district's port documents.
func PortDocuments(district string) string { return PortDocumentName(district, "*") }

// PortDocumentName is the name of the document that forwards the port of one
// database and of nothing else.
func PortDocumentName(district, database string) string {
	return "bcn-" + district + "-port-" + database
}

// TaskAccessRoleName is the name of the role behind access to tasks.
func TaskAccessRoleName(district string) string { return "bcn-" + district + "-access-task" }

// InstanceAccessRoleName is the name of the role behind access to managed nodes.
func InstanceAccessRoleName(district string) string { return "bcn-" + district + "-access-instance" }

// PortAccessRoleName is the name of the role behind access to a database's port.
func PortAccessRoleName(district string) string { return "bcn-" + district + "-access-port" }

// AccessSessions is the pattern of the session names under which the roles of
// access may be assumed; package access makes them.
const AccessSessions = "bcn-g*"

// StopSchedules is the pattern of the names of the schedules that stop tasks at
// the end of grants. No schedule of a heritage has an underscore.
const StopSchedules = "bcn_g*"

// SessionLogGroup is the log group that session documents write to where no
// other was said.
func SessionLogGroup(district string) string { return "bcn/" + district + "/sessions" }
