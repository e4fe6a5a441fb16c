-- Every delivery with the state that it is in: its own verdict, else what its import says of the entries that have
-- none, else the state of its import.
CREATE VIEW ledger.delivery_states AS
SELECT
    delivery.campaign, delivery.source, delivery.lead_id, delivery.vendor, delivery.day, delivery.import_id,
    delivery.position, delivery.content_digest,
    coalesce(delivery.verdict, import.entry_verdict) AS verdict,
    coalesce(delivery.verdict, import.entry_verdict, import.state) AS state,
    coalesce(delivery.reason_code, import.error_code) AS reason_code,
    coalesce(delivery.reason, import.error) AS reason,
    coalesce(import.vendor_ids[delivery.position + 1], delivery.vendor_id) AS vendor_id,
    coalesce(delivery.settled_at, CASE WHEN import.entry_verdict IS NOT NULL THEN import.settled_at END) AS settled_at,
    import.attempts, import.planned_at, import.sent_at,
    delivery.phone, coalesce(delivery.phones, ARRAY[delivery.phone]) AS phones, delivery.kept_phones,
    delivery.row_phones,
    -- Whether the vendor has the lead, or may have it: an update that waits is of a lead that is there.
    CASE
        WHEN coalesce(delivery.verdict, import.entry_verdict) IS NOT NULL
            THEN coalesce(delivery.verdict, import.entry_verdict) IN ('accepted', 'duplicate', 'unattributed')
        ELSE import.state <> 'planned' OR delivery.held_import_id IS NOT NULL
    END AS may_be_there
FROM ledger.deliveries AS delivery
JOIN ledger.imports AS import ON import.import_id = delivery.import_id;
