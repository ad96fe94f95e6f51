-- +goose Up

-- What was found changed outside of an app's stacks at the last look. A
-- difference that is no longer there is forgotten, with what was said of it.
create table drift (
    heritage     text not null references heritage (name) on delete cascade,
    mark         text not null,
    resource     text not null,
    found_at     timestamptz not null default bcn_now(),
    announced_at timestamptz,
    accepted_by  text not null default '',
    accepted_at  timestamptz,
    mac          bytea,
    primary key (heritage, mark)
);

-- Apps that the watch has yet to look at.
create table drift_look (
    heritage    text primary key references heritage (name) on delete cascade,
    asked_at    timestamptz not null default bcn_now(),
    tries       int not null default 0,
    lease_until timestamptz
);
