-- +goose Up

-- What makes the name of a one-off task one that nobody can guess, when ECS was
-- known to have the task, and when a cancel found none yet.
alter table oneoff
    add column nonce     text not null default '',
    add column taken_at  timestamptz,
    add column cancel_at timestamptz;
