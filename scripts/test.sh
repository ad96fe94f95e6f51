#!/bin/sh
# test.sh PACKAGES... runs tests with the race detector. Failures are shown as
# they happen and once more at the end, before go test's own closing lines. A
# skipped test is a failure: what is not run proves nothing.
set -u
go=${GO:-go}
events=$(mktemp "${TMPDIR:-/tmp}/bcn-test.XXXXXX") || exit 1
trap 'rm -f "$events"' EXIT INT TERM

$go tool -modfile=tools.mod gotestsum --format pkgname-and-test-fails --format-hide-empty-pkg \
	--jsonfile "$events" -- -race -timeout 18m "$@"
status=$?

skipped=$(awk '/"Action":"skip"/ && /"Test":/' "$events")
if [ -n "$skipped" ]; then
	echo "skipped tests:"
	echo "$skipped"
	status=1
fi

echo
awk '/"Action":"output"/ && !/"Test":/ {
	if (match($0, /"Output":"(ok  |FAIL|panic)/)) {
		line = substr($0, RSTART + 10)
		sub(/\\n"[,}].*/, "", line)
		gsub(/\\t/, "\t", line)
		if (line != "FAIL") print line
	}
}' "$events"
[ $status -eq 0 ] || echo FAIL
exit $status
