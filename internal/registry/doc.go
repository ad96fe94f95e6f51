// Package registry answers what an image's tag means now: in ECR through the
// district's role, in any other registry as anybody may ask it.
package registry
