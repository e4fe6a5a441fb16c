-- One row per vendor, campaign and day: the count of every state. balanced: as many rows have a state as
-- the reader counted.
CREATE VIEW reporting.campaign_day AS
WITH counted AS (
    SELECT
        vendor, campaign, day,
        count(*) AS outcome_count,
        count(*) FILTER (WHERE state = 'invalid')      AS invalid_count,
        count(*) FILTER (WHERE state = 'suppressed')   AS suppressed_count,
        count(*) FILTER (WHERE state = 'duplicate')    AS duplicate_count,
        count(*) FILTER (WHERE state = 'planned')      AS planned_count,
        count(*) FILTER (WHERE state = 'sending')      AS sending_count,
        count(*) FILTER (WHERE state = 'submitted')    AS submitted_count,
        count(*) FILTER (WHERE state = 'accepted')     AS accepted_count,
        count(*) FILTER (WHERE state = 'rejected')     AS rejected_count,
        count(*) FILTER (WHERE state = 'unknown')      AS unknown_count,
        count(*) FILTER (WHERE state = 'unattributed') AS unattributed_count,
        count(*) FILTER (WHERE state = 'withdrawn')    AS withdrawn_count
    FROM reporting.lead_outcome
    GROUP BY vendor, campaign, day
), read AS (
    SELECT coalesce(nullif(campaign, ''), '(none)') AS campaign, day, sum(read_count)::bigint AS read_count
    FROM crm.read_counts
    GROUP BY 1, 2
), balance AS (
    SELECT campaign, day, sum(outcome_count) AS outcome_count FROM counted GROUP BY campaign, day
)
SELECT
    coalesce(counted.vendor, '') AS vendor,
    coalesce(counted.campaign, read.campaign) AS campaign,
    coalesce(counted.day, read.day) AS day,
    coalesce(read.read_count, 0) AS read_count,
    coalesce(invalid_count, 0) AS invalid_count,
    coalesce(suppressed_count, 0) AS suppressed_count,
    coalesce(duplicate_count, 0) AS duplicate_count,
    coalesce(planned_count, 0) AS planned_count,
    coalesce(sending_count, 0) AS sending_count,
    coalesce(submitted_count, 0) AS submitted_count,
    coalesce(accepted_count, 0) AS accepted_count,
    coalesce(rejected_count, 0) AS rejected_count,
    coalesce(unknown_count, 0) AS unknown_count,
    coalesce(unattributed_count, 0) AS unattributed_count,
    coalesce(withdrawn_count, 0) AS withdrawn_count,
    coalesce(read.read_count, 0) = coalesce(balance.outcome_count, 0)
        AND coalesce(counted.outcome_count, 0) = coalesce(
            invalid_count + suppressed_count + duplicate_count + planned_count + sending_count + submitted_count
            + accepted_count + rejected_count + unknown_count + unattributed_count + withdrawn_count, 0) AS balanced,
    CASE WHEN stop.reason_code <> 'load_ended_early' OR planned_count > 0 THEN stop.reason END AS stopped_because
FROM counted
FULL JOIN read ON read.campaign = counted.campaign AND read.day = counted.day
LEFT JOIN balance ON balance.campaign = counted.campaign AND balance.day = counted.day
LEFT JOIN ledger.campaign_stops AS stop
    ON stop.vendor = counted.vendor AND stop.campaign = counted.campaign AND stop.day = counted.day;
