-- One row per delivery and day on which its lead was read, and per row that never became a delivery.
CREATE VIEW reporting.lead_outcome AS
SELECT
    vendor, coalesce(nullif(campaign, ''), '(none)') AS campaign, day, source, lead_id, state, reason_code, reason,
    vendor_id, import_id, attempts, planned_at, sent_at, settled_at, phone, row_no
FROM ledger.outcomes;
