// Package render turns a heritage of barcelona.yml, its district and an image
// into CloudFormation stacks.
//
// It is pure and deterministic: no clock, no network, no random number, and
// the same input gives the same bytes, because what people approve is the hash
// of these bytes. A template is built from small structs that hold only what
// bcn uses of a resource type, and written as JSON with sorted keys.
//
// A heritage has two stacks. The base (heritage-NAME) holds the roles, the log
// group and the task definition of one-off tasks; the services stack (NAME)
// holds one task definition and one ECS service per service, with what joins
// it to its endpoints. They refer to each other by computed names, never by
// exports, which would make one stack block the other.
package render
