-- +goose Up

-- What was done without the approval that its rule asks for, and whether
-- another person has looked at it since.
create table follow_up (
    change          bigint primary key references change (id),
    person          text not null,          -- who broke the glass
    reason          text not null,
    skipped         jsonb not null,         -- who would have had to approve
    told            jsonb not null,         -- who of them was told
    overrode        jsonb not null default '[]',
    at              timestamptz not null,
    due_at          timestamptz not null,

    reminded        int not null default 0,
    remind_at       timestamptz not null,
    acknowledged_by text not null default '',
    acknowledged_at timestamptz,
    teams           jsonb not null default '[]', -- in which of those who may the person was
    note            text not null default '',
    mac             bytea not null          -- over the whole row, which is sealed again when it moves
);
create index follow_up_open on follow_up (remind_at) where acknowledged_at is null;
create index follow_up_person on follow_up (person, at);
