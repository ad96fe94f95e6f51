-- +goose Up

-- The accounts that were known of who decided, and of whom they stood for: two
-- accounts of one person are one.
alter table decision add column accounts jsonb not null default '[]';
