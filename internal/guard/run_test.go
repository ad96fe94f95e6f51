package guard

import "testing"

func TestARuleThatBreaksDenies(t *testing.T) {
	t.Parallel()
	var got string
	run(rule{"x", func(tree, deny) { panic("broken") }}, tree{}, func(id, _ string, _ ...string) { got = id })
	if got != Unreadable {
		t.Errorf("got %q", got)
	}
}
