-- What is stuck, since when, and what happens next.
CREATE VIEW reporting.open_import AS
SELECT
    import.import_id, import.vendor, import.campaign, import.day, import.state, import.entry_count AS sent_count,
    import.attempts, coalesce(import.submitted_at, import.sent_at, import.planned_at) AS since,
    CASE WHEN import.state = 'sending' THEN import.lease_until ELSE import.due_at END AS next_action_at,
    CASE import.state
        WHEN 'planned'   THEN CASE
            WHEN campaign.is_active THEN 'send it: materialise the imports of this day, or ' || by_hand.command
            ELSE 'its campaign is not active any more: materialise contacts of this day, or ' || by_hand.command END
        WHEN 'sending'   THEN 'wait: a process is sending it; when its lease ends it becomes unknown'
        WHEN 'submitted' THEN CASE
            WHEN import.finished_at IS NULL
            THEN 'the sensor import_results asks the vendor for the result, or ' || by_hand.command || ' --wait'
            ELSE 'reporting/import_outcomes reads the result' END
        WHEN 'unknown'   THEN
            'the sensor unresolved_imports asks the vendor which leads it has, or ' || by_hand.command || ' --wait'
    END AS next_action,
    coalesce(import.error_code, stop.reason_code) AS error_code,
    CASE WHEN import.error_code IS NULL THEN stop.reason ELSE import.error END AS detail,
    import.vendor_reference
FROM ledger.imports AS import
CROSS JOIN LATERAL (
    SELECT 'leadsync sync --day ' || to_char(import.day, 'YYYY-MM-DD') AS command
) AS by_hand
LEFT JOIN crm.campaigns AS campaign ON campaign.campaign = import.campaign AND campaign.vendor = import.vendor
LEFT JOIN ledger.campaign_stops AS stop
    ON import.state = 'planned' AND stop.vendor = import.vendor AND stop.campaign = import.campaign
    AND stop.day = import.day
WHERE import.settled_at IS NULL;
