-- +goose Up

-- Which bcn this is: the tag that every stack of ours carries.
create table installation (
    one        boolean primary key default true check (one),
    id         uuid not null default gen_random_uuid(),
    created_at timestamptz not null default now()
);
insert into installation default values;

-- Database time, through one function, decides leases and expiry.
-- +goose StatementBegin
create function bcn_now() returns timestamptz language sql volatile as 'select clock_timestamp()';
-- +goose StatementEnd

-- One sequence for every number that people say: #1042.
create sequence bcn_id start 1001;

-- What Slack sent and we acknowledged. Keys are kept 24 hours.
create table inbox (
    key         text primary key,
    request     jsonb not null,
    state       text not null default 'received'
                check (state in ('received', 'unacked', 'done', 'parked')),
    fence       bigint not null default 0,
    lease_until timestamptz,
    attempts    int not null default 0,
    error       text,
    received_at timestamptz not null default bcn_now()
);
create index inbox_open on inbox (received_at) where state = 'received';
create index inbox_old on inbox (received_at);

create table district (
    name       text primary key,
    body       jsonb not null,
    created_at timestamptz not null default bcn_now()
);

create table endpoint (
    name       text primary key,
    district   text not null references district (name),
    body       jsonb not null,
    created_at timestamptz not null default bcn_now()
);

-- An app in an environment, bound for good to one name, source and district.
create table heritage (
    name       text primary key,
    app        text not null,
    env        text not null,
    district   text not null references district (name),
    source     text not null,
    channel    text not null default '',
    created_at timestamptz not null default bcn_now(),
    unique (app, env)
);

create table change (
    id          bigint primary key default nextval('bcn_id'),
    kind        text not null,
    subject     text not null,
    app         text not null default '',
    env         text not null default '',
    heritage    text not null default '',
    district    text not null default '',
    tag         text not null default '',
    reason      text not null default '',
    wish        jsonb not null,
    state       text not null,
    code        text not null default '',
    params      jsonb not null default '{}',
    requester   jsonb not null,
    channel     text not null default '',
    thread      text not null default '',
    behind      bigint not null default 0,
    step        int not null default 0,
    phase       text not null default '',
    progress    jsonb not null default '[]',
    fence       bigint not null default 0,
    lease_until timestamptz,
    failures    int not null default 0,
    parked      boolean not null default false,
    leftover    boolean not null default false, -- ended; its change sets are still to be discarded
    created_at  timestamptz not null default bcn_now(),
    started_at  timestamptz,
    ended_at    timestamptz
);
-- At most one change of a subject is busy.
create unique index change_busy on change (subject)
    where state in ('applying', 'verifying', 'cancelling', 'blocked');
create index change_open on change (id)
    where state not in ('succeeded', 'failed', 'rolled_back', 'rollback_failed', 'cancelled', 'closed');
create index change_leftover on change (id) where leftover;
create index change_subject on change (subject, id)
    where state not in ('succeeded', 'failed', 'rolled_back', 'rollback_failed', 'cancelled', 'closed');
create index change_parked on change (id) where parked or state = 'blocked';

-- The bytes that are hashed; never re-serialised.
create table plan (
    change bigint primary key references change (id),
    bytes  bytea not null,
    hash   text not null,
    mac    bytea not null
);

create table request (
    id         bigint primary key references change (id),
    state      text not null,
    hash       text not null,
    requester  text not null,
    needs      jsonb not null,
    created_at timestamptz not null default bcn_now(),
    expires_at timestamptz not null,
    mac        bytea not null
);
create index request_open on request (expires_at) where state in ('pending', 'approved');

create table decision (
    request bigint not null references request (id),
    person  text not null,
    verdict text not null,
    reason  text not null default '',
    hash    text not null,
    teams   jsonb not null,
    channel text not null default '',
    ts      text not null default '',
    at      timestamptz not null default bcn_now(),
    mac     bytea not null,
    primary key (request, person)
);

create table release (
    heritage   text not null references heritage (name),
    number     bigint not null,
    change     bigint not null unique references change (id),
    tag        text not null,
    image      text not null,
    digest     text not null,
    commit     text not null,
    manifest   bytea not null,
    base       bytea not null, -- the base stack's template, to restore it
    plan_hash  text not null,
    by_user    text not null,
    approvers  jsonb not null,
    outcome    text not null,
    code       text not null default '',
    started_at timestamptz not null,
    ended_at   timestamptz not null,
    primary key (heritage, number)
);

-- Stacks that a running change waits for; written by the follower.
create table follow (
    change     bigint not null references change (id),
    stack      text not null,
    stack_id   text not null,
    district   text not null,
    account    text not null,
    region     text not null,
    since      timestamptz not null,
    baseline   text not null default '',
    restores   boolean not null default false,
    status     text not null default '',
    reason     text not null default '',
    last_event text not null default '',
    read_at    timestamptz,
    active     boolean not null default true,
    primary key (change, stack)
);
create index follow_active on follow (account, region) where active;

create table stack_event (
    change      bigint not null,
    stack       text not null,
    id          text not null,
    at          timestamptz not null,
    logical_id  text not null,
    physical_id text not null,
    type        text not null,
    status      text not null,
    reason      text not null,
    seq         bigint generated always as identity,
    primary key (change, id)
);

-- What is to be said. A card (body null) is rendered when it is sent.
create table outbox (
    id          bigint generated always as identity primary key,
    change      bigint references change (id),
    role        text not null, -- card | thread | link | announce | direct
    key         text not null, -- with change: what must be said once
    channel     text not null default '',
    recipient   text not null default '',
    thread_of   bigint references outbox (id),
    body        jsonb,
    broadcast   boolean not null default false,
    priority    int not null default 1,
    version     bigint not null default 1,
    sent        bigint not null default 0,
    waits       boolean not null generated always as (sent < version and dropped = '') stored,
    posted_to   text not null default '',
    ts          text not null default '',
    unconfirmed boolean not null default false,
    dropped     text not null default '', -- why, where Slack will never take it
    attempts    int not null default 0,
    not_before  timestamptz not null default bcn_now(),
    lease_until timestamptz,
    created_at  timestamptz not null default bcn_now(),
    unique (change, key)
);
-- waits is a column, since the planner cannot guess how few rows have
-- sent < version, and would read all that was ever said.
create index outbox_due on outbox (not_before) where waits;
create index outbox_thread on outbox (thread_of) where thread_of is not null;

create table halt (
    one    boolean primary key default true check (one),
    is_on  boolean not null default false,
    by_who text not null default '',
    reason text not null default '',
    at     timestamptz not null default bcn_now()
);
insert into halt default values;

-- The audit chain: each entry's hash covers the one before; the MAC needs
-- BCN_KEY, which the database does not hold.
create table audit_entry (
    seq    bigint primary key,
    at     timestamptz not null,
    kind   text not null,
    actor  text not null,
    change bigint not null,
    body   text not null,
    hash   bytea not null,
    mac    bytea not null
);
create index audit_entry_change on audit_entry (change);

create table audit_head (
    one  boolean primary key default true check (one),
    seq  bigint not null,
    hash bytea not null,
    mac  bytea not null
);
insert into audit_head (seq, hash, mac) values (0, '', '');

-- +goose StatementBegin
create function audit_is_append_only() returns trigger language plpgsql as $$
begin
    raise exception 'audit entries are append-only';
end $$;
-- +goose StatementEnd
create trigger audit_entry_append_only before update or delete on audit_entry
    for each row execute function audit_is_append_only();
create trigger audit_entry_no_truncate before truncate on audit_entry
    for each statement execute function audit_is_append_only();
