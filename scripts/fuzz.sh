#!/bin/sh
# fuzz.sh TIME runs each fuzz target of the tree for TIME, one after another.
set -eu
go=${GO:-go}
grep -rl --include='*_test.go' --exclude-dir=node_modules '^func Fuzz' internal cmd tools | xargs -n1 dirname | sort -u | while IFS= read -r dir; do
	for target in $(sed -n 's/^func \(Fuzz[A-Za-z0-9_]*\)(.*/\1/p' "$dir"/*_test.go); do
		echo "$dir $target"
		$go test -run '^$' -fuzz "^$target\$" -fuzztime "$1" "./$dir" </dev/null
	done
done
