-- Why leads are where they are: how many, since when.
CREATE VIEW reporting.reason AS
SELECT
    vendor, campaign, day, state, coalesce(reason_code, '') AS reason_code,
    count(*) AS lead_count,
    min(coalesce(settled_at, sent_at, planned_at)) AS since,
    min(reason) AS example
FROM reporting.lead_outcome
WHERE state <> 'accepted'
GROUP BY vendor, campaign, day, state, coalesce(reason_code, '');
