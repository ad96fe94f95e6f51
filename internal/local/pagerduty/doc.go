// Package pagerduty is a local PagerDuty: the one call of its REST API that bcn
// makes, over HTTP. Like the real one it refuses a token that it does not know
// (401), arguments that are wrong and schedules that are not there (400), a
// caller who comes too often (429), and an Accept header that does not name
// version 2. What bcn does not call is refused by name.
//
//	GET /oncalls   (PagerDuty REST API v2, "List all of the on-calls")
package pagerduty
