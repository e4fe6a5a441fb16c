-- While an update is on its way the vendor may have any number that the lead had before (held_phones). Where a vendor keeps
-- what an update leaves out, it has numbers that the lead has no more (kept_phones).
ALTER TABLE ledger.deliveries ADD COLUMN held_phones text[], ADD COLUMN kept_phones text[];
