package render

import "github.com/bcn-bot/bcn/internal/bcn"

// The ids of findings, all warnings; their sentences are the catalogue's
// "guard." + id.
const (
	FargateSize                = "fargate_size"                  // service, cpu, memory, new_cpu, new_memory
	ForceSSLWithoutCertificate = "force_ssl_without_certificate" // service, endpoint
	PlainHTTP                  = "plain_http"                    // service, endpoint
	PublicMismatch             = "public_mismatch"               // service, endpoint
	FargateTaskSize            = "fargate_task_size"             // task, cpu, memory, new_cpu, new_memory
	OverlayEnv                 = "overlay_env"                   // name: set by chat and in the file
	OverlayCount               = "overlay_count"                 // service, count (by chat), file
	CountAutoScaled            = "count_auto_scaled"             // service, count (by chat, without effect)
	ShiftedRuleChanges         = "shifted_rule_changes"          // service: the rule that ECS shifts changes, and a rollback would put older weights back
)

// Heritage renders the two stacks of a heritage, base first, as they are
// executed. Its findings are warnings. Errors carry codes: bad_name,
// reserved_name, name_taken, unknown_name, environment_foreign, unavailable,
// district_invalid, manifest (a strategy that the endpoint does not fit), missing_secret
// (nothing below an ssm_prefix), aws_refused (over a limit), internal.
func Heritage(in Input) ([]bcn.Proposal, []bcn.Finding, error) {
	s, err := newSource(in)
	if err != nil {
		return nil, nil, err
	}
	stacks, err := s.render()
	if err != nil {
		return nil, nil, err
	}
	return stacks, s.findings, nil
}

func (s *source) render() ([]bcn.Proposal, error) {
	services, err := s.services()
	if err != nil {
		return nil, err
	}
	base, err := s.base()
	if err != nil {
		return nil, err
	}
	h := bcn.Heritage{Name: s.Heritage.Name}
	first, err := propose(h.BaseStack(), base, []string{"CAPABILITY_NAMED_IAM"}, s.tags)
	if err != nil {
		return nil, err
	}
	second, err := propose(h.ServicesStack(), services, nil, s.tags)
	if err != nil {
		return nil, err
	}
	return []bcn.Proposal{first, second}, nil
}
