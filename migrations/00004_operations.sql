-- +goose Up

-- A release is of any operation, and its snapshot holds what chat changed on
-- top of the file. restores is the release that a rollback went back to.
alter table release add column kind text not null default 'deploy';
alter table release add column overlay jsonb not null default '{}';
alter table release add column restores bigint not null default 0;
