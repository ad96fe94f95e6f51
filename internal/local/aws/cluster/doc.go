// Package cluster is the part of the local AWS that runs things: ECS services
// and tasks on Fargate, the load balancers in front of them, the registry that
// their images come from and the log groups that they write to.
//
// # A simulation without threads
//
// What happens later (a task that is pulled, a health check, a container that
// exits) is an event in a queue, ordered by time. Every call first plays the
// events that are due until the clock's now, each at its own time, and then
// answers. So the package has no goroutine and no timer, a test on a manual
// clock is instant and exact, and two calls at one instant see one state.
//
// # A service's rollout
//
//	UpdateService ─► deployment PRIMARY, IN_PROGRESS; the former becomes ACTIVE
//	   │ scheduler step, again after each change of a task:
//	   │   start new tasks up to maximumPercent,
//	   │   stop old ones down to minimumHealthyPercent
//	   ├─► all new tasks good, no old ones left ─► COMPLETED
//	   └─► failed tasks ≥ threshold, breaker on ─► FAILED
//	          rollback on: the last COMPLETED deployment is PRIMARY again
//
//	a task: PROVISIONING ─► PENDING ─► ACTIVATING ─► RUNNING
//	          ─► DEACTIVATING (its targets drain) ─► STOPPING ─► DEPROVISIONING ─► STOPPED
//
// A task is good when its targets are healthy, or, without targets, when it
// has run for Speed.Settle: AWS does not publish what exactly it counts as a
// healthy task there. Failed tasks are counted in a row: a good one sets the
// count to zero, unless resetOnHealthyTask is false (ECS API reference,
// DeploymentCircuitBreaker).
//
// # Invariants
//
//   - A deployment never leaves COMPLETED or FAILED, except that a rollback of
//     the circuit breaker puts the deployment that it returns to IN_PROGRESS.
//   - The number of RUNNING and PENDING tasks never exceeds maximumPercent of
//     the desired count because of the scheduler.
//   - A refused call changes nothing.
package cluster
