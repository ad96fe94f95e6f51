-- +goose Up

-- What CI asked for under a key of its own, so that whoever did not hear the
-- answer can ask again and gets the same change.
alter table change add column once text;
create unique index change_once on change (once) where once is not null;
