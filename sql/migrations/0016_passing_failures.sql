-- Whether what ended a load may be over later, though nobody changes anything: then the load goes on by itself.
ALTER TABLE ledger.campaign_stops ADD COLUMN is_passing boolean NOT NULL DEFAULT FALSE;
