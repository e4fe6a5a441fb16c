-- What is stuck, since when, and what happens next.
CREATE VIEW reporting.open_import AS
SELECT
    import_id, vendor, campaign, day, state, entry_count AS sent_count, attempts,
    coalesce(submitted_at, sent_at, planned_at) AS since,
    due_at AS next_action_at,
    CASE state
        WHEN 'planned'   THEN 'send it: materialise the imports of this day, or leadsync sync'
        WHEN 'sending'   THEN 'wait: a process is sending it; when its lease ends it becomes unknown'
        WHEN 'submitted' THEN CASE
            WHEN finished_at IS NULL THEN 'the sensor import_results asks the vendor for the result'
            ELSE 'reporting/import_outcomes reads the result' END
        WHEN 'unknown'   THEN 'the sensor asks the vendor which leads it has'
    END AS next_action,
    error_code, error AS detail, vendor_reference
FROM ledger.imports
WHERE settled_at IS NULL;
