// Package deploy holds the use cases of a change.
package deploy
