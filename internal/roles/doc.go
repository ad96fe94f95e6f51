// Package roles writes the CloudFormation template of the roles that a
// district needs, which an administrator of the account applies before the
// district is adopted. It is pure.
//
// There are two roles and a boundary:
//
//	bot ──assumes──► bcn-{district}-bot ──passes──► bcn-{district}-cloudformation
//	                      │ RunTask                        │ creates
//	                      ▼                                ▼
//	                 tasks with roles below /bcn/{district}/, none of which can
//	                 do more than the managed policy /bcn/{district}/boundary-{district}
//
// The bot's role proposes and executes change sets, and reads. What a stack
// makes is made by CloudFormation's role, which nobody but CloudFormation can
// assume. That role makes other roles only below /bcn/{district}/, where
// neither of the two is, and only with the boundary, which it cannot change:
// so neither a change set nor a task can ever widen what bcn may do.
//
// Every statement says why it is there; Table prints that for people. The
// resources and condition keys of each action are those of the Service
// Authorization Reference (docs.aws.amazon.com/service-authorization).
package roles
