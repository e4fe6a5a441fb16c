-- Why the last intake of a day failed. The row goes when the day is decided.
CREATE TABLE crm.intake_failures (
    day       date PRIMARY KEY,
    failed_at timestamptz NOT NULL,
    problem   text NOT NULL
);

-- What is wrong with a list that was read all the same.
ALTER TABLE crm.snapshots ADD COLUMN problem text;
