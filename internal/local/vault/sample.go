package vault

import "time"

// SampleRole is the id of the AppRole that the sample's bot logs in with.
const SampleRole = "bcn"

// The sample's policies: what bcn needs (docs/security.md), and who keeps hello.
const (
	botPolicy = `
path "identity/entity/id/+"   { capabilities = ["read"] }
path "identity/entity/name/+" { capabilities = ["read"] }
path "identity/group/id/+"    { capabilities = ["read"] }
path "sys/policies/acl/+"     { capabilities = ["read"] }
`
	keepPolicy = `
# Everything of hello, in whichever environment; nothing of it in a district of the bank's.
path "secret/barcelona/districts/+/heritages/hello/+"      { capabilities = ["read", "update"] }
path "secret/barcelona/districts/bank/heritages/hello/+"   { capabilities = ["deny"] }
`
)

// Sample fills it as `bot dev` has it: olu is in the group web, whose policy
// lets her keep hello, and the bot logs in by AppRole for an hour at a time.
func (s *Server) Sample() error {
	for name, rules := range map[string]string{"bcn": botPolicy, "keep-hello": keepPolicy} {
		if err := s.SetPolicy(name, rules); err != nil {
			return err
		}
	}
	s.SetEntity(Entity{Name: "olu"})
	s.SetGroup("web", Group{Entities: []string{"olu"}, Policies: []string{"keep-hello"}})
	s.SetAppRole(SampleRole, "local"+random(12), Login{Policies: []string{"bcn"}, TTL: time.Hour})
	return nil
}

// SampleSecret is the secret id of SampleRole.
func (s *Server) SampleSecret() string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.roles["approle/"+SampleRole].secret
}

// SampleDisabled disables or enables olu.
func (s *Server) SampleDisabled(disabled bool) { s.SetEntity(Entity{Name: "olu", Disabled: disabled}) }
