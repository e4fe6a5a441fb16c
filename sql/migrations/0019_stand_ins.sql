-- A lead that was left out for its number, and goes in the place of the one that had it: that one will not be called.
ALTER TABLE ledger.contacts ADD COLUMN is_stand_in boolean NOT NULL DEFAULT FALSE;
CREATE INDEX contacts_stand_in ON ledger.contacts (day) WHERE is_stand_in;
