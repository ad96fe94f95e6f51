package cluster_test

import "fmt"

// What answers are made of: m and l, read by these, which stop the test with
// what was there instead.

type (
	m = map[string]any
	l = []any
)

func as[T any](v any) T {
	t, ok := v.(T)
	if !ok {
		panic(fmt.Sprintf("want a %T, got %T: %v", t, v, v))
	}
	return t
}

func list(in m, key string) l      { return as[l](in[key]) }
func node(in m, key string) m      { return as[m](in[key]) }
func text(in m, key string) string { return as[string](in[key]) }
func count(in m, key string) int   { return as[int](in[key]) }
func item(in l, i int) m           { return as[m](in[i]) }
