package render

import "github.com/bcn-bot/bcn/internal/manifest"

// services renders the stack of all services and scheduled tasks.
func (s *source) services() (*template, error) {
	t := newTemplate("bcn: services of the heritage " + s.Heritage.Name)
	for _, service := range s.Heritage.Services {
		if err := s.service(t, service); err != nil {
			return nil, err
		}
	}
	return t, s.schedules(t)
}

func (s *source) service(t *template, m manifest.Service) error {
	id := LogicalID(m.Name)
	m = s.sized(m)
	definition, err := s.serviceTask(m)
	if err != nil {
		return err
	}
	if err := t.add(id+"TaskDefinition", resource{Type: taskDefinitionType, Properties: definition}); err != nil {
		return err
	}
	e := ecsService{
		Cluster: s.District.Cluster, TaskDefinition: ref(id + "TaskDefinition"),
		DesiredCount: s.count(m), ForceNewDeployment: s.restarted(m.Name),
		EnableECSManagedTags: true, EnableExecuteCommand: m.Exec, PropagateTags: "SERVICE", Tags: s.tags,
	}
	e.LaunchType, e.CapacityProviderStrategy = s.placed(m.Launch)
	e.DeploymentConfiguration = deployment(m.Deployment)
	r := resource{Type: "AWS::ECS::Service"}
	var ends joined
	var groups []any
	if len(m.Listeners) > 0 {
		if ends, err = s.join(t, m); err != nil {
			return err
		}
		r.DependsOn, e.LoadBalancers = ends.rules, ends.balancers()
		e.HealthCheckGracePeriodSeconds = &m.GracePeriod
		groups = append(groups, getAtt(id+"SecurityGroup", "GroupId"))
	}
	e.NetworkConfiguration = s.network(m.Launch, groups)
	r.Properties = e
	if err := t.add(id, r); err != nil {
		return err
	}
	return s.scale(t, m, ends)
}

// network puts tasks in the district's subnets, with its security groups and
// their own. Only Fargate gives tasks public addresses (ECS API,
// AwsVpcConfiguration).
func (s *source) network(launch string, own []any) networkConfiguration {
	d := s.District
	groups := make([]any, 0, len(d.SecurityGroups)+len(own))
	for _, g := range d.SecurityGroups {
		groups = append(groups, g)
	}
	public := d.AssignPublicIP && launch != manifest.LaunchEC2
	return networkConfiguration{awsvpcConfiguration{
		AssignPublicIp: enabled(public), SecurityGroups: append(groups, own...), Subnets: d.Subnets,
	}}
}

// restarted makes ECS start new tasks of the same definition when the nonce
// changes (AWS::ECS::Service, ForceNewDeployment).
func (s *source) restarted(service string) *forceNewDeployment {
	nonce := s.Overlay.Nonce(service)
	if nonce == "" {
		return nil
	}
	return &forceNewDeployment{EnableForceNewDeployment: true, ForceNewDeploymentNonce: nonce}
}

func enabled(on bool) string {
	if on {
		return "ENABLED"
	}
	return "DISABLED"
}
