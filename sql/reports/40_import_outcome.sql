-- One row per import. moved_count entries went on in another import (`detail` names the reason).
CREATE VIEW reporting.import_outcome AS
SELECT
    import.import_id,
    import.vendor,
    import.campaign,
    import.day,
    import.vendor_reference,
    import.state,
    import.entry_count AS sent_count,
    import.accepted_count,
    import.duplicate_count,
    import.rejected_count,
    import.unattributed_count,
    coalesce(import.submitted_at, import.sent_at) AS submitted_at,
    import.settled_at,
    import.error_report,
    coalesce(import.detail, import.error) AS detail,
    import.error_code,
    import.moved_count,
    import.attempts,
    import.parent_id,
    import.planned_at,
    import.action,
    import.target,
    import.poll_count,
    import.deadline_at,
    import.late_until
FROM ledger.imports AS import;
