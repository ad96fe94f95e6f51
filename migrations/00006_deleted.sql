-- +goose Up

-- The releases of a heritage that was deleted are history: they are shown, and
-- nothing is planned upon them, also where the name is bound again.
alter table release drop constraint release_heritage_fkey;
alter table release add column retired boolean not null default false;
