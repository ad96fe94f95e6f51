// Package schema knows the CloudFormation resource types that bcn renders or
// may soon render: their properties, which are required, of what type, and
// which cannot change without replacing the resource.
//
// types.json is generated from the published service spec by tools/schema and
// has one line per resource type and per nested shape. What the spec lacks,
// rules across properties such as Fargate's sizes, is in rules.go.
//
// Intrinsic functions pass anywhere, since a template is checked before its
// references have values; both branches of Fn::If are looked into.
package schema
