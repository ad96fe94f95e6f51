// Package policy parses and evaluates IAM policy documents, for the local AWS.
// It is pure: a document and a request go in, a decision comes out; the time is
// one of the request's keys.
//
//	explicit Deny anywhere        -> Denied
//	no Allow in identity policies -> Implicit
//	no Allow in the boundary      -> Implicit, where there is a boundary
//	no Allow in the session       -> Implicit, where there is a session policy
//	else                          -> Allowed
//
// Source: "Policy evaluation logic" and "IAM JSON policy elements" of the IAM
// User Guide (docs.aws.amazon.com/IAM/latest/UserGuide).
//
// A document that IAM would not store is refused by Parse with the code
// MalformedPolicyDocument; what this package could not evaluate (IpAddress,
// BinaryEquals, NotPrincipal) is refused too, so that no condition is ever
// taken for true because nobody looked at it.
package policy
