// Package awsx is bcn's way to AWS: one session per district, role and
// requester, with thin typed calls. It is the only importer of the AWS SDK, and
// none of the SDK's types leave it.
//
//	New(Options) ──For(target)──► Session ──AssumeRole, cached──► calls
//
// A call is one request, or all pages of one list. Retries are the SDK's
// standard ones and few: what is throttled longer is answered as unavailable,
// and the job that asked comes again. The SDK's waiters are never used: they
// block for minutes, hide why something failed, and take an unchanged change
// set for a failure.
//
// Every error carries a bcn code (see errors.go); CodeOf and Message answer
// what AWS itself said.
package awsx
