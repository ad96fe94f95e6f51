package aws

import (
	"context"
	"fmt"

	"github.com/bcn-bot/bcn/internal/local/aws/wire"
)

// Do makes a call as the account's administrator in its home region, as
// somebody does beside bcn, without HTTP. It is in the log of calls. params are
// a tree as wire.Call's: the names are those on the wire.
func (s *Server) Do(ctx context.Context, service, action string, params map[string]any) (map[string]any, error) {
	svc, known := s.front.services[service]
	if !known {
		return nil, fmt.Errorf("the local AWS has no service %q", service)
	}
	a := s.parts.account
	p := a.administrator()
	record := CallRecord{ID: requestID(), At: a.clock.Now(), Service: service, Action: action, Region: a.Region, Params: told(service, params)}
	record.by(p, "")
	result, err := svc.handle(ctx, &wire.Call{
		Service: service, Action: action, Region: a.Region, Account: a.ID, Principal: p, Params: params, Now: record.At,
		Authorize: a.authorizer(p, nil, a.Region), AuthorizeAs: a.authorizerAs(a.Region),
	})
	if err != nil {
		e := svc.protocol.spelling().spell(err)
		record.ErrorCode, record.ErrorMessage = e.Code, e.Message
	}
	s.front.log.add(record)
	if err != nil {
		return nil, err
	}
	out, _ := plain(result).(map[string]any)
	return out, nil
}
