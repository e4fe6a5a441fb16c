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

-- Most deliveries are now written once.
ALTER TABLE ledger.deliveries SET (fillfactor = 90);

-- A number is found by its hash: half the size of the numbers, and cheaper to keep in order.
DROP INDEX ledger.deliveries_by_number;
CREATE INDEX deliveries_by_number ON ledger.deliveries (hashtextextended(phone, 0), campaign);
