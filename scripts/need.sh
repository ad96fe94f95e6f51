#!/bin/sh
# need.sh cc|postgres|chromium finds a program that the machine lacks at worst,
# installs it where a package manager and the rights are there, and otherwise
# says exactly what to do.
set -eu

# there says whether a program is found: in PATH, or where packages put it (the
# places that internal/pgdev looks in, too).
there() {
	case $1 in
	cc) command -v "${CC:-cc}" >/dev/null || command -v gcc >/dev/null ;;
	postgres)
		for dir in /usr/lib/postgresql/*/bin /opt/homebrew/opt/postgresql*/bin /usr/local/opt/postgresql*/bin; do
			test -x "$dir/initdb" && test -x "$dir/postgres" && return 0
		done
		initdb=$(command -v initdb) && test -x "$(dirname "$initdb")/postgres"
		;;
	chromium)
		for name in chromium chromium-browser google-chrome google-chrome-stable; do
			command -v $name >/dev/null && return 0
		done
		test -x "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome" || test -x /Applications/Chromium.app/Contents/MacOS/Chromium
		;;
	*)
		echo "usage: need.sh cc|postgres|chromium" >&2
		exit 2
		;;
	esac
}

# packages names the packages for a package manager.
packages() {
	case $1-$2 in
	apt-cc) echo gcc libc6-dev ;;
	brew-postgres) echo postgresql@17 ;;
	brew-chromium) echo --cask chromium ;;
	*-postgres) echo postgresql ;;
	*-chromium) echo chromium ;;
	esac
}

# as_root runs a command with rights to install, or fails at once when nobody
# is there to type a password.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	elif ! command -v sudo >/dev/null; then
		return 1
	elif [ -t 0 ]; then
		sudo "$@"
	else
		sudo -n "$@"
	fi
}

fetch() {
	if command -v apt-get >/dev/null; then
		echo "installing $(packages apt "$1") with apt-get"
		as_root apt-get update -qq &&
			as_root env DEBIAN_FRONTEND=noninteractive apt-get install -y -qq --no-install-recommends $(packages apt "$1")
	elif [ "$1" = cc ]; then
		return 1
	elif command -v brew >/dev/null; then
		echo "installing $(packages brew "$1") with brew"
		brew install $(packages brew "$1")
	else
		return 1
	fi
}

advise() {
	case $1 in
	cc) echo "A C compiler is needed for the race detector: install gcc (Debian: apt-get install gcc libc6-dev; macOS: xcode-select --install)." ;;
	postgres) echo "PostgreSQL 15 or newer is needed: Debian: apt-get install postgresql; macOS: brew install postgresql@17; elsewhere install its server package so that initdb and postgres are in PATH. No server needs to run." ;;
	chromium) echo "Chromium is needed for the tour: Debian: apt-get install chromium; macOS: brew install --cask chromium; elsewhere put chromium in PATH." ;;
	esac
}

there "$1" && exit 0
fetch "$1" >&2 || true
there "$1" && exit 0
advise "$1" >&2
exit 1
