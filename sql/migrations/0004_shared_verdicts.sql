-- One answer that settles a whole import is one row: what it says of most entries is kept once, on the import.

-- entry_verdict holds for every entry that has no verdict of its own; vendor_ids are the vendor's names by position.
ALTER TABLE ledger.imports
    ADD COLUMN entry_verdict text,
    ADD COLUMN vendor_ids    text[],
    ADD CONSTRAINT entry_verdict_is_accepted CHECK (entry_verdict = 'accepted'),
    ADD CONSTRAINT entry_verdict_is_final CHECK (entry_verdict IS NULL OR (state = 'settled' AND late_until IS NULL)),
    ADD CONSTRAINT vendor_ids_are_whole
        CHECK (vendor_ids IS NULL OR (entry_verdict IS NOT NULL AND cardinality(vendor_ids) = entry_count));
ALTER TABLE ledger.imports ALTER COLUMN vendor_ids SET STORAGE EXTERNAL;

-- The reports are put back after the migrations.
DROP VIEW IF EXISTS reporting.call_outcome, ledger.outcomes CASCADE;

-- Most deliveries are now written once. Their key begins with what differs most, and is compared by bytes: it is looked
-- up and extended for every lead of every load.
ALTER TABLE ledger.deliveries
    SET (fillfactor = 90),
    ALTER COLUMN campaign TYPE text COLLATE "C",
    ALTER COLUMN source TYPE text COLLATE "C",
    ALTER COLUMN lead_id TYPE text COLLATE "C",
    DROP CONSTRAINT deliveries_pkey,
    ADD PRIMARY KEY (lead_id, campaign, source);
DROP INDEX ledger.deliveries_by_number;
CREATE INDEX deliveries_by_number ON ledger.deliveries USING hash (phone);
CREATE INDEX deliveries_by_vendor_id ON ledger.deliveries (vendor_id) WHERE vendor_id IS NOT NULL;
