// Package aws is a local AWS: one account behind one HTTP listener on loopback,
// for the calls that bcn makes. It refuses what the real services refuse.
//
//	HTTP -> front (Host, Origin, body size)
//	     -> sigv4 (which service, who calls, is the signature right)
//	     -> faults (throttling, delay, loss: on demand)
//	     -> protocol (query/XML, EC2's dialect, JSON 1.1, S3's REST) -> wire.Call
//	     -> the service's wire.Handler, which asks Call.Authorize
//	     -> protocol -> HTTP, and one entry in the log of calls
//
// An access key that the account did not issue is its administrator. Keys that
// AssumeRole issued are checked in full: secret, token, expiry, and for every
// call the role's policies, its boundary and the session policy.
//
// To add an action: put its handler into the table of its service (sts.go,
// iam.go, ssm.go, ...), call c.Authorize with the IAM action and the resource's
// ARN first, and answer a tree named as on the wire. To add a service: a line
// in registry.go. To add a CloudFormation resource type: a wire.Resource and a
// line in registry.go.
package aws
