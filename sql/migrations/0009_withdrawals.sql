-- Leads that a vendor has, or may have, although they must not be called. A row goes when the lead was taken back, or may
-- be called. There are two grounds: the newest row that speaks of consent refuses it (refusal_code, refused_on), or
-- numbers of it are listed. is_of_row: it is the lead's newest row that names a listed number, which the vendor may not have.
CREATE TABLE ledger.withdrawals (
    campaign     text COLLATE "C" NOT NULL,
    source       text COLLATE "C" NOT NULL,
    lead_id      text COLLATE "C" NOT NULL,
    vendor       text NOT NULL,
    refusal_code text,
    refused_on   date,
    numbers      text[],
    is_of_row    boolean NOT NULL DEFAULT FALSE,
    due_since    timestamptz NOT NULL,
    problem      text,
    PRIMARY KEY (lead_id, campaign, source),
    CONSTRAINT refusal_is_whole CHECK ((refusal_code IS NULL) = (refused_on IS NULL))
);
CREATE INDEX withdrawals_by_vendor ON ledger.withdrawals (vendor);
CREATE INDEX imports_sent ON ledger.imports (vendor) WHERE sent_at IS NOT NULL;

-- What a row says of consent: 'granted', 'withdrawn' or 'unclear'; nothing where it says nothing.
ALTER TABLE ledger.contacts ADD COLUMN consent text;

-- Who was suppressed lately is found at once.
CREATE INDEX contacts_suppressed ON ledger.contacts (day) WHERE verdict = 'suppressed';

-- The numbers of a lead that has several, as the vendor got them. While an update is on its way the vendor may have the
-- first number that the lead had before.
ALTER TABLE ledger.deliveries ADD COLUMN phones text[], ADD COLUMN held_phone text;
CREATE INDEX deliveries_by_held_number ON ledger.deliveries (held_phone) WHERE held_phone IS NOT NULL;
