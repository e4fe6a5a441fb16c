-- Campaigns of a day of which rows were decided, or leads were given back, and that no plan has gone through since. The row
-- goes with the plan that does; while it is there, leads may wait that no delivery and no import tells of.
CREATE TABLE ledger.to_plan (
    day      date NOT NULL,
    campaign text COLLATE "C" NOT NULL,
    since    timestamptz NOT NULL,
    PRIMARY KEY (day, campaign)
);

-- The loads that were asked for by themselves, to go on with what was left of a day: for which cause, how often in vain,
-- and when last. What cannot be done is so tried less and less often.
CREATE TABLE ledger.load_requests (
    vendor        text NOT NULL,
    day           date NOT NULL,
    cause         text NOT NULL,
    request_count integer NOT NULL,
    requested_at  timestamptz NOT NULL,
    PRIMARY KEY (vendor, day)
);
