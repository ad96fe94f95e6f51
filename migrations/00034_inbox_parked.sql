-- +goose Up

-- What is put aside is few among all that came within a day.
create index inbox_parked on inbox (received_at) where state = 'parked';
