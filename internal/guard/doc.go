// Package guard holds the guardrails: what no plan may do, whoever approves.
//
// Guardrails read the rendered templates, not the structs they were made from,
// so that a fault of the renderer is caught as well, and the deltas that
// CloudFormation computed. They fail closed: a template that cannot be read, a
// value in a guarded place that is not yet known (an intrinsic function, a
// macro, a dynamic reference), and a rule that breaks are denials.
//
// A finding's id has its sentence, and what to do about it, in the catalogue
// under "guard." + id.
package guard
