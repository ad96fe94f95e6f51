// Package access holds the values of a grant: the session policy that limits
// it to one target, its names, its lengths, the times at which its end is
// looked after, and the sealing of credentials to the requester's key. It is
// pure: it asks no clock and calls nobody; randomness is used for keys only.
//
// What limits a grant, from the outside to the inside:
//
//	role (package roles)   no more than Session Manager on bcn's documents, or
//	                       ECS Exec on the district's cluster
//	session policy         one target, one document, until the grant's end
//	document               how long AWS lets a session on a node last
//	credentials            STS's expiration, 15 minutes at least
//
// A session policy can only take away from its role (IAM User Guide, "Session
// policies"), and it holds from the first second, which a change of the role's
// policies would not. It stops new calls; a session that is open goes on until
// its document's cap or a TerminateSession, which is why Sweeps is there.
package access
