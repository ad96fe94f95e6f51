// Package render turns a heritage of barcelona.yml, its district and an image
// into CloudFormation stacks.
//
// It is pure and deterministic: no clock, no network, no random number, and
// the same input gives the same bytes, because what people approve is the hash
// of these bytes. A template is built from small structs that hold only what
// bcn uses of a resource type, and written as JSON with sorted keys.
//
// A heritage has two stacks. The base (heritage-NAME) holds the roles, the log
// group and the task definitions of one-off tasks and of grants; the services
// stack (NAME) holds one task definition and one ECS service per service, with
// what joins it to its endpoints and scales it, and each schedule with its task
// definition. They refer to each other by computed names, never
// by exports, which would make one stack block the other.
//
//	barcelona.yml ┐
//	what chat set ┼─► environment ─► containers, and what the roles may read
//	secrets' names┘   services     ─► ECS service, target groups, rules, scaling
//	                  scheduled_tasks ► EventBridge Scheduler, its own role
//
// Rights follow from what is referred to: a secret that is injected is read by
// the execution role, one with read_at_runtime by the task's, each decrypted by
// its key for itself alone. References decides which may be referred to at all.
// Everything is checked against AWS's limits first, and refused, never cut.
package render
