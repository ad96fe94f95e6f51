-- +goose Up

-- What people said to deployments that wait before they shift traffic.
create table shift_order (
    change bigint not null references change (id),
    hook   text not null,        -- the pause, by ECS's id
    by_who text not null,
    at     timestamptz not null default bcn_now(),
    mac    bytea not null,       -- over the whole row
    primary key (change, hook)
);
