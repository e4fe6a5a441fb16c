-- Leads that a vendor has, or may have, although they must not be called. A row goes when the lead was taken back, or may
-- be called. numbers: those of its that are listed; refused_on: the day of the row that refuses it.
CREATE TABLE ledger.withdrawals (
    campaign    text COLLATE "C" NOT NULL,
    source      text COLLATE "C" NOT NULL,
    lead_id     text COLLATE "C" NOT NULL,
    vendor      text NOT NULL,
    reason_code text NOT NULL,
    numbers     text[],
    refused_on  date,
    due_since   timestamptz NOT NULL,
    problem     text,
    PRIMARY KEY (lead_id, campaign, source),
    CONSTRAINT refusal_is_known CHECK ((reason_code = 'do_not_call') = (refused_on IS NULL)),
    CONSTRAINT listed_has_numbers CHECK (reason_code <> 'do_not_call' OR numbers IS NOT NULL)
);

-- Who was suppressed lately is found at once.
CREATE INDEX contacts_suppressed ON ledger.contacts (day) WHERE verdict = 'suppressed';

-- While an update is on its way the vendor may have the number that the lead had before.
ALTER TABLE ledger.deliveries ADD COLUMN held_phone text;
CREATE INDEX deliveries_by_held_number ON ledger.deliveries (held_phone) WHERE held_phone IS NOT NULL;
