#!/bin/sh
# compose-secrets.sh makes what compose.yaml takes from ./secrets: passwords,
# the addresses of the database that hold them, and BCN_KEY. What is there is
# kept. The folder is closed to others; the files are not, since the bot's
# user in the container is nobody on this machine.
set -eu
umask 022
mkdir -p secrets
chmod 700 secrets

random() { head -c "$1" /dev/urandom | base64 | tr -d '\n'; }
keep() { test -s "secrets/$1" || cat >"secrets/$1"; }

random 24 | tr '+/' '-_' | keep owner_password
random 24 | tr '+/' '-_' | keep app_password
random 32 | keep bcn_key
printf 'postgres://bcn_app:%s@postgres:5432/bcn?sslmode=disable' "$(cat secrets/app_password)" | keep database_url
printf 'postgres://bcn_owner:%s@postgres:5432/bcn?sslmode=disable' "$(cat secrets/owner_password)" | keep migrate_database_url
for token in slack_bot_token slack_app_token; do
	test -s secrets/$token || echo "put the Slack token into secrets/$token"
done
