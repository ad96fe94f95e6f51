-- +goose Up

-- Districts that the watch has yet to look at, with their endpoints.
create table district_drift_look (
    district    text primary key references district (name) on delete cascade,
    asked_at    timestamptz not null default bcn_now(),
    tries       int not null default 0,
    lease_until timestamptz
);
