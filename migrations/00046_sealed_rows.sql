-- +goose Up

-- What Slack sent is run in somebody's name: a row that bcn did not write is not.
alter table inbox add column mac bytea not null default '';
