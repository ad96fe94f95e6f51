package awsx

import (
	"context"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation"
	"github.com/aws/aws-sdk-go-v2/service/cloudformation/types"

	"github.com/bcn-bot/bcn/internal/bcn"
)

// NewChangeSet is what CreateChangeSet is asked for.
type NewChangeSet struct {
	Name, Stack string
	Create      bool // a new stack, deleted by itself where its creation fails
	// Import takes in what is there already under a name that the template
	// gives, where the template retains it (ImportExistingResources).
	Import bool
	// Repair compares with what is there in place of the template before, so
	// that what was changed outside is put back (DeploymentMode REVERT_DRIFT).
	// Only of a stack that is there.
	Repair       bool
	Template     []byte
	TemplateURL  string // in place of Template
	Capabilities []string
	Tags         []bcn.Tag
	RoleARN      string
	Token        string
}

// ChangeSet is a change set with all pages of its changes.
type ChangeSet struct {
	ID, Name       string
	StackID, Stack string
	Status         string // CREATE_PENDING, CREATE_IN_PROGRESS, CREATE_COMPLETE, FAILED, ...
	Execution      string // AVAILABLE, UNAVAILABLE, OBSOLETE, EXECUTE_*
	Reason         string
	OnFailure      string
	Repair         bool // DeploymentMode is REVERT_DRIFT
	Capabilities   []string
	Tags           []bcn.Tag
	Changes        []Change
}

// Change is what a change set does to one resource. Values are never kept:
// they may be environment values.
type Change struct {
	Action      string
	LogicalID   string
	PhysicalID  string
	Type        string
	Replacement string
	Properties  []string // paths, or names where AWS gives no path; with repetitions
	Values      []Value  // of the paths that AWS gives
}

// Value is how a property changes: texts, or JSON of what is not one. A value
// that is known only afterwards is KnownAfter.
type Value struct{ Path, Before, After string }

// KnownAfter stands for a value that CloudFormation does not know yet.
const KnownAfter = "{{changeSet:KNOWN_AFTER_APPLY}}"

// CreateChangeSet asks for a change set and answers its ARN and its stack's
// id. The change set is not ready yet.
func (s *Session) CreateChangeSet(ctx context.Context, n NewChangeSet) (id, stackID string, err error) {
	in := &cloudformation.CreateChangeSetInput{
		ChangeSetName: aws.String(n.Name), StackName: aws.String(n.Stack), RoleARN: optional(n.RoleARN),
		ChangeSetType: types.ChangeSetTypeUpdate, ClientToken: optional(n.Token),
	}
	if n.Create {
		in.ChangeSetType, in.OnStackFailure = types.ChangeSetTypeCreate, types.OnStackFailureDelete
	}
	if n.Import {
		in.ImportExistingResources = aws.Bool(true)
	}
	if n.Repair {
		in.DeploymentMode = types.DeploymentModeRevertDrift
	}
	if n.TemplateURL != "" {
		in.TemplateURL = aws.String(n.TemplateURL)
	} else {
		in.TemplateBody = aws.String(string(n.Template))
	}
	for _, c := range n.Capabilities {
		in.Capabilities = append(in.Capabilities, types.Capability(c))
	}
	for _, t := range n.Tags {
		in.Tags = append(in.Tags, types.Tag{Key: aws.String(t.Key), Value: aws.String(t.Value)})
	}
	out, err := s.cloudformation().CreateChangeSet(ctx, in)
	if err != nil {
		return "", "", s.wrap(err)
	}
	return aws.ToString(out.Id), aws.ToString(out.StackId), nil
}

// ChangeSet describes a change set, all its pages, by ARN, or by name together
// with the stack. One that is not there is ErrNotFound.
func (s *Session) ChangeSet(ctx context.Context, stack, nameOrID string) (ChangeSet, error) {
	in := &cloudformation.DescribeChangeSetInput{
		ChangeSetName: aws.String(nameOrID), StackName: optional(stack), IncludePropertyValues: aws.Bool(true),
	}
	var set ChangeSet
	pages := cloudformation.NewDescribeChangeSetPaginator(s.cloudformation(), in)
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return ChangeSet{}, s.changeSetError(err)
		}
		if set.ID == "" {
			set = changeSetOf(page)
		}
		for _, c := range page.Changes {
			if c.ResourceChange != nil {
				set.Changes = append(set.Changes, changeOf(*c.ResourceChange))
			}
		}
	}
	return set, nil
}

func changeSetOf(in *cloudformation.DescribeChangeSetOutput) ChangeSet {
	out := ChangeSet{
		ID: aws.ToString(in.ChangeSetId), Name: aws.ToString(in.ChangeSetName),
		StackID: aws.ToString(in.StackId), Stack: aws.ToString(in.StackName),
		Status: string(in.Status), Execution: string(in.ExecutionStatus), Reason: aws.ToString(in.StatusReason),
		OnFailure: string(in.OnStackFailure), Tags: tagsOf(in.Tags), Repair: in.DeploymentMode == types.DeploymentModeRevertDrift,
	}
	for _, c := range in.Capabilities {
		out.Capabilities = append(out.Capabilities, string(c))
	}
	return out
}

func changeOf(in types.ResourceChange) Change {
	out := Change{
		Action: string(in.Action), LogicalID: aws.ToString(in.LogicalResourceId), PhysicalID: aws.ToString(in.PhysicalResourceId),
		Type: aws.ToString(in.ResourceType), Replacement: string(in.Replacement),
	}
	for _, d := range in.Details {
		if d.Target == nil {
			continue
		}
		switch {
		case aws.ToString(d.Target.Path) != "":
			out.Properties = append(out.Properties, *d.Target.Path)
			out.Values = append(out.Values, Value{*d.Target.Path, aws.ToString(d.Target.BeforeValue), aws.ToString(d.Target.AfterValue)})
		case aws.ToString(d.Target.Name) != "":
			out.Properties = append(out.Properties, string(d.Target.Attribute)+"."+*d.Target.Name)
		default:
			out.Properties = append(out.Properties, string(d.Target.Attribute))
		}
	}
	return out
}

// ChangeSets lists the names of a stack's change sets, all pages. A stack that
// is not there is ErrNotFound.
func (s *Session) ChangeSets(ctx context.Context, stack string) ([]string, error) {
	var list []string
	pages := cloudformation.NewListChangeSetsPaginator(s.cloudformation(),
		&cloudformation.ListChangeSetsInput{StackName: aws.String(stack)})
	for pages.HasMorePages() {
		page, err := pages.NextPage(ctx)
		if err != nil {
			return nil, s.changeSetError(err)
		}
		for _, c := range page.Summaries {
			list = append(list, aws.ToString(c.ChangeSetName))
		}
	}
	return list, nil
}

// Template reads the template of a change set as it was given.
func (s *Session) Template(ctx context.Context, stack, changeSet string) ([]byte, error) {
	out, err := s.cloudformation().GetTemplate(ctx, &cloudformation.GetTemplateInput{
		ChangeSetName: aws.String(changeSet), StackName: optional(stack), TemplateStage: types.TemplateStageOriginal,
	})
	if err != nil {
		return nil, s.changeSetError(err)
	}
	return []byte(aws.ToString(out.TemplateBody)), nil
}

// ExecuteChangeSet starts a change set. Rollback is said to be on for an
// update; a new stack says so in its change set, and must not say it twice.
func (s *Session) ExecuteChangeSet(ctx context.Context, stack, id, token string, create bool) error {
	in := &cloudformation.ExecuteChangeSetInput{
		ChangeSetName: aws.String(id), StackName: optional(stack), ClientRequestToken: optional(token),
	}
	if !create {
		in.DisableRollback = aws.Bool(false)
	}
	_, err := s.cloudformation().ExecuteChangeSet(ctx, in)
	return s.changeSetError(err)
}

// DeleteChangeSet deletes a change set. One that is gone is ErrNotFound.
func (s *Session) DeleteChangeSet(ctx context.Context, stack, id string) error {
	_, err := s.cloudformation().DeleteChangeSet(ctx, &cloudformation.DeleteChangeSetInput{
		ChangeSetName: aws.String(id), StackName: optional(stack),
	})
	return s.changeSetError(err)
}

func (s *Session) changeSetError(err error) error {
	switch CodeOf(err) {
	case "ChangeSetNotFound", "ChangeSetNotFoundException":
		return s.missing(err)
	}
	if Says(err, "ValidationError", "does not exist") {
		return s.missing(err)
	}
	return s.wrap(err)
}
