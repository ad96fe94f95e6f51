// Package app wires bcn: it alone imports all other packages. New builds, Run
// starts everything and waits, and what was started is stopped last in, first
// out, within one deadline.
package app
