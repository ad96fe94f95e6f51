-- +goose Up

-- What was found changed outside of the stacks of a district and its endpoints
-- at the last look, as `drift` has it of apps.
create table district_drift (
    district     text not null references district (name) on delete cascade,
    mark         text not null,
    resource     text not null,
    found_at     timestamptz not null default bcn_now(),
    announced_at timestamptz,
    accepted_by  text not null default '',
    accepted_at  timestamptz,
    mac          bytea,
    primary key (district, mark)
);
