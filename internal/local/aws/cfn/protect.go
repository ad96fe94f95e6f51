package cfn

import "github.com/bcn-bot/bcn/internal/local/aws/wire"

// protect turns a stack's termination protection on or off. A stack that is
// deleted, or on its way, takes none (API reference,
// UpdateTerminationProtection).
func (e *Engine) protect(c *wire.Call) (any, error) {
	s, err := e.readable(c, str(c, "StackName"), "Stack [%s] does not exist")
	if err != nil {
		return nil, err
	}
	on, given := flag(c, "EnableTerminationProtection")
	switch {
	case !given:
		return nil, required("enableTerminationProtection", "")
	case !s.deleted.IsZero() || s.status == "DELETE_IN_PROGRESS":
		return nil, invalid("Cannot update termination protection on stack [%s] in its current status %s", s.name, s.status)
	}
	s.protected = on
	return map[string]any{"StackId": s.id}, nil
}
