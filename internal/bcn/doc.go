// Package bcn holds the words that all of bcn shares: districts, heritages,
// changes, requests, grants, plans and the errors that name what went wrong.
//
// It imports the standard library only, does nothing, and knows no
// technology. A state machine is one table that is complete on one screen;
// every move in the store is an UPDATE that carries the state it leaves.
package bcn
