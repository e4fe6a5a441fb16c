-- Views are dropped first, so that a column may change its place or type between versions.
DROP VIEW IF EXISTS
    reporting.target, reporting.target_event, reporting.reference_entry, reporting.reference_change,
    reporting.call_outcome, reporting.open_import, reporting.reason, reporting.campaign_day,
    reporting.import_outcome, reporting.lead_outcome, ledger.outcomes, ledger.delivery_states,
    ledger.newest_decision, crm.rows CASCADE;
