-- +goose Up

-- Over the whole row, which is sealed again when it moves. Rows from before are
-- compared with the log and sealed then.
alter table hold add column mac bytea not null default '';
