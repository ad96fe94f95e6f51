-- +goose Up

-- Tokens of CI, each of one heritage. The secret is a random number of 256
-- bits, of which only a digest is here; the MAC covers the row, so that one
-- that was written past bcn deploys nothing.
create table deploy_token (
    id         bigint primary key default nextval('bcn_id'),
    app        text not null,
    env        text not null,
    heritage   text not null,
    by_who     jsonb not null,
    digest     bytea not null,
    issued_at  timestamptz not null default bcn_now(),
    expires_at timestamptz not null,
    revoked_at timestamptz,
    used_at    timestamptz,
    mac        bytea not null
);

create index on deploy_token (heritage) where revoked_at is null;
