// Package scheduler runs commands by the clock: schedules, and their ticks.
// Package schedule says when; what is run is any command of chat, as the person
// who added it, asked of the rules at each run.
//
//	schedule  active ─ wake_at has come ─► a tick, and its next
//	tick      planned ─► announced ─► due ─► running ─► succeeded | failed
//	              └──────────┴─────────┴──► skipped(code)
//
// The row of a schedule is claimed in the transaction that inserts its tick and
// advances it; a tick is unique by schedule and time. So none is lost and none
// comes twice, with any number of processes that die at any instruction. A
// tick's job leases it as a change is leased, and a change that it asks for is
// unique by tick and try.
package scheduler
