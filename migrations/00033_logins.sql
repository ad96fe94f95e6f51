-- +goose Up

-- Which GitHub account a person has shown to be theirs. A login and a GitHub
-- account belong to one Slack account for ever, also once it was forgotten: moved
-- from one to the other, it would make one person two.
create table github_link (
    id         bigint primary key default nextval('bcn_id'),
    slack_user text not null,
    login      text not null, -- in lower case
    github_id  bigint not null unique,
    since      timestamptz not null,
    removed_at timestamptz,
    mac        bytea not null
);
create unique index github_link_login on github_link (login);
create unique index github_link_user on github_link (slack_user) where removed_at is null;

-- Who is about to do so. The device code is encrypted, and bound to the person.
create table github_login (
    slack_user  text primary key,
    team        text not null,
    device_code bytea not null,
    interval_s  int not null,
    expires_at  timestamptz not null,
    next_at     timestamptz not null
);
create index github_login_next on github_login (next_at);
