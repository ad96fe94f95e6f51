// Package conform holds what bcn believes of Slack and AWS: one literal table
// of behaviours, each with the call, the expected state or error and where it
// is known from. The table is in this package's tests, so that nothing of it
// gets into the program.
//
// # Two runs of one table
//
//	go test ./internal/conform                 the local parts (also in make test)
//	go test ./internal/conform -target aws     a real account (make conform-aws)
//	go test ./internal/conform -target slack   a real workspace (make conform-slack)
//
// A row is the same code in each run; only the world that it is given differs.
// Locally a world has a clock that stands still until the row lets time pass,
// so that a deployment of minutes takes milliseconds. A row is never skipped:
// one that needs a name which was not given fails and says which.
//
// # The real account
//
// The standard AWS_* variables are an administrator's, in an account made for
// such tests. What is too slow or too dear to make for each run is named:
//
//	BCN_CONFORM_VPC         a network
//	BCN_CONFORM_SUBNETS     two public subnets of it, in two zones, with a comma between
//	BCN_CONFORM_CLUSTER     an ECS cluster with Fargate
//	BCN_CONFORM_BUCKET      a bucket in the same region
//	BCN_CONFORM_REPOSITORY  an ECR repository
//	BCN_CONFORM_TAG         a tag in it; its image has busybox's sh, sleep and httpd
//	BCN_CONFORM_KEY         the alias (alias/...) of a customer's KMS key
//
// Everything that a row makes is called bcn-conform-..., roles besides lie
// below the path /bcn-conform/; it is deleted at the row's end, and what an
// interrupted run left is swept at the start of the next. It costs well below
// one dollar and takes about half an hour.
//
// # The real workspace
//
// SLACK_BOT_TOKEN and SLACK_APP_TOKEN belong to an app made from `bot manifest`.
// A person sits in front of the channel: what only a person can do (typing a
// command, pressing a button, saying what they see) is asked for by a message
// there, and the row waits for it.
//
//	BCN_CONFORM_CHANNEL      a public channel with the bot and the person in it
//	BCN_CONFORM_OUTSIDE      a public channel that the bot is not in
//	BCN_CONFORM_ARCHIVED     an archived channel that the bot was in
//	BCN_CONFORM_USER         the person's id
//	BCN_CONFORM_GUEST        the id of a guest of the workspace
//	BCN_CONFORM_DEACTIVATED  the id of somebody who was deactivated
//	BCN_CONFORM_EXTERNAL     the id of somebody of another workspace, in a shared channel
//	BCN_CONFORM_GROUP        the id of a user group with the person in it
//
// # Doubt
//
// A source that begins with "to be confirmed" says that nothing better than
// inference stands behind the row. Who runs the table against the real thing
// replaces it by "confirmed live on DATE", or mends the row and the local part.
package conform
