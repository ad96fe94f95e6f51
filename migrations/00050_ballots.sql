-- +goose Up

-- One person may answer a request more than once: to reject what they approved,
-- or for themselves after a deputyship of theirs was taken away.
alter table decision drop constraint decision_pkey, add primary key (request, person, at);
