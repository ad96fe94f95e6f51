-- +goose Up

-- What limits count is counted by person: these are the accounts that were
-- known of whoever asked. What acts at once has no change.
alter table rule_use add column accounts jsonb not null default '[]';
alter table rule_use drop constraint rule_use_pkey;
alter table rule_use alter column change drop not null;
create unique index rule_use_change on rule_use (change, rule);
drop index rule_use_count;
create index rule_use_count on rule_use (rule, at);
alter table follow_up add column accounts jsonb not null default '[]';
