-- The numbers of a lead's newest row, where they are others than those that the vendor has, or will have, and nothing is sent
-- for them: whoever owns one of them may say no, too.
ALTER TABLE ledger.deliveries ADD COLUMN row_phones text[];
