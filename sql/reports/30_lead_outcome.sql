-- One row per delivery and day on which its lead was read, and per row that never became a delivery. Where the row of a
-- delivery is gone since, is_read is false: it is not among the rows that were read.
CREATE VIEW reporting.lead_outcome AS
SELECT
    vendor, coalesce(nullif(campaign, ''), '(none)') AS campaign, day, source, lead_id, state, reason_code, reason,
    vendor_id, import_id, attempts, planned_at, sent_at, settled_at, phone, row_no, is_read,
    loaded_on
FROM ledger.outcomes;
