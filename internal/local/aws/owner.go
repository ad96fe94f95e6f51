package aws

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"
)

// ownersPace is how often Apply looks whether its stack is made.
const ownersPace = 100 * time.Millisecond

// Apply makes or changes a stack as the account's owner does by hand, and waits
// until CloudFormation is done with it. A stack that is so already is no error.
func (s *Server) Apply(ctx context.Context, stack string, template []byte) error {
	var body bytes.Buffer
	if err := json.Compact(&body, template); err != nil { // with its spaces it may be too long for a call
		return err
	}
	params := map[string]any{"StackName": stack, "TemplateBody": body.String(), "Capabilities": []any{"CAPABILITY_NAMED_IAM"}}
	_, err := s.Do(ctx, "cloudformation", "CreateStack", params)
	if err != nil && strings.Contains(err.Error(), "already exists") {
		_, err = s.Do(ctx, "cloudformation", "UpdateStack", params)
	}
	if err != nil && !strings.Contains(err.Error(), "No updates are to be performed") {
		return fmt.Errorf("apply %s: %w", stack, err)
	}
	return s.settled(ctx, stack)
}

// settled waits until nothing is done to a stack any more. Errors: what is made
// of it is not what was asked for.
func (s *Server) settled(ctx context.Context, stack string) error {
	look := time.NewTicker(ownersPace)
	defer look.Stop()
	for {
		out, err := s.Do(ctx, "cloudformation", "DescribeStacks", map[string]any{"StackName": stack})
		if err != nil {
			return fmt.Errorf("look at %s: %w", stack, err)
		}
		list, _ := out["Stacks"].([]any)
		one, _ := list[0].(map[string]any)
		status, _ := one["StackStatus"].(string)
		switch {
		case status == "CREATE_COMPLETE" || status == "UPDATE_COMPLETE":
			return nil
		case !strings.HasSuffix(status, "_IN_PROGRESS"):
			return fmt.Errorf("apply %s: it is %s", stack, status)
		}
		select {
		case <-look.C:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}
