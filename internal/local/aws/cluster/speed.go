package cluster

import "time"

// Speed is how long things take by the clock.
type Speed struct {
	Scheduler    time.Duration // between a cause and the service scheduler's step
	Provision    time.Duration // PROVISIONING: the network interface
	Pull         time.Duration // PENDING: secrets, the image
	Activate     time.Duration // ACTIVATING
	Stop         time.Duration // STOPPING
	Deprovision  time.Duration // DEPROVISIONING
	Settle       time.Duration // a task without targets counts as good after it
	LoadBalancer time.Duration // a load balancer is provisioning
	Machine      time.Duration // a machine starts and joins its cluster
	// Health multiplies what templates say in seconds: health check intervals,
	// grace periods, deregistration delays, start periods.
	Health float64
}

// AWSSpeed is about how long Fargate takes.
func AWSSpeed() Speed {
	return Speed{
		Scheduler: 5 * time.Second, Provision: 12 * time.Second, Pull: 8 * time.Second,
		Activate: 3 * time.Second, Stop: 5 * time.Second, Deprovision: 8 * time.Second,
		Settle: 20 * time.Second, LoadBalancer: 100 * time.Second, Machine: 90 * time.Second, Health: 1,
	}
}

// DevSpeed lets a person watch: a rollout behind a load balancer takes about
// 12 seconds, one that the circuit breaker ends about 15.
func DevSpeed() Speed {
	return Speed{
		Scheduler: 400 * time.Millisecond, Provision: 800 * time.Millisecond, Pull: 1200 * time.Millisecond,
		Activate: 400 * time.Millisecond, Stop: 300 * time.Millisecond, Deprovision: 300 * time.Millisecond,
		Settle: 5 * time.Second, LoadBalancer: 3 * time.Second, Machine: 3 * time.Second, Health: 0.1,
	}
}

func (s Speed) orAWS() Speed {
	if s == (Speed{}) {
		return AWSSpeed()
	}
	if s.Health <= 0 {
		s.Health = 1
	}
	return s
}

// seconds is a number of seconds of a template, at this speed.
func (s Speed) seconds(n int) time.Duration {
	return time.Duration(float64(n) * s.Health * float64(time.Second))
}
