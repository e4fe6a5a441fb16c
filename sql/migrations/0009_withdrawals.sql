-- Leads that are taken back: who was suppressed lately, and whom a vendor still has, are found at once.
CREATE INDEX contacts_suppressed ON ledger.contacts (day) WHERE verdict = 'suppressed';
CREATE INDEX deliveries_not_withdrawn ON ledger.deliveries (vendor) WHERE reason_code = 'not_withdrawn';
