package bcn

// Matter is what a question about somebody's authority is about. Where who is in
// a team is decided for each heritage alone, as by a policy of Vault, nobody is
// in it for a matter that lacks one of these.
type Matter struct{ District, App, Env string }

// Matter is what a change is about.
func (c Change) Matter() Matter { return Matter{District: c.District, App: c.App, Env: c.Env} }
