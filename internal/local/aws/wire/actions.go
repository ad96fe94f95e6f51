package wire

import "context"

// Actions is a service as a literal table: action name to Handler.
type Actions map[string]Handler

// Handle answers the call by the table; an action that is not in it is refused
// by name, so that nobody takes silence for an answer.
func (a Actions) Handle(ctx context.Context, c *Call) (any, error) {
	h, ok := a[c.Action]
	if !ok {
		return nil, UnknownAction(c)
	}
	return h(ctx, c)
}

// UnknownAction is the answer to an action that the local AWS does not have.
// The front gives it the code that the service's protocol uses.
func UnknownAction(c *Call) *Error {
	return Errorf("InvalidAction", "the local AWS has no action %s in service %s", c.Action, c.Service)
}
