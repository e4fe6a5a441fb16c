-- One row per vendor, campaign and day: the count of every state. balanced: as many rows have a state as
-- the reader counted of the campaign. A campaign that was given up, or moved, has a line for each vendor; read_count adds up
-- over them. accepted_before_count: of the accepted, those that were loaded for an earlier day. gone_count: deliveries whose row is gone since, in no other count; gone_open_count: those of them that
-- have no outcome yet.
-- What was counted and what was read are compared by window, not by join: so a condition on the day reaches both,
-- and no other day is looked at.
CREATE VIEW reporting.campaign_day AS
WITH sides AS (
    SELECT
        TRUE AS is_counted, vendor, campaign, day,
        count(*) FILTER (WHERE is_read) AS outcome_count,
        count(*) FILTER (WHERE is_read AND state = 'invalid')      AS invalid_count,
        count(*) FILTER (WHERE is_read AND state = 'suppressed')   AS suppressed_count,
        count(*) FILTER (WHERE is_read AND state = 'duplicate')    AS duplicate_count,
        count(*) FILTER (WHERE is_read AND state = 'planned')      AS planned_count,
        count(*) FILTER (WHERE is_read AND state = 'sending')      AS sending_count,
        count(*) FILTER (WHERE is_read AND state = 'submitted')    AS submitted_count,
        count(*) FILTER (WHERE is_read AND state = 'accepted')     AS accepted_count,
        count(*) FILTER (WHERE is_read AND state = 'rejected')     AS rejected_count,
        count(*) FILTER (WHERE is_read AND state = 'unknown')      AS unknown_count,
        count(*) FILTER (WHERE is_read AND state = 'unattributed') AS unattributed_count,
        count(*) FILTER (WHERE is_read AND state = 'withdrawn')    AS withdrawn_count,
        count(*) FILTER (WHERE is_read AND state = 'accepted' AND loaded_on < day) AS accepted_before_count,
        count(*) FILTER (WHERE NOT is_read) AS gone_count,
        count(*) FILTER (WHERE NOT is_read AND state IN ('planned', 'sending', 'submitted', 'unknown')) AS gone_open_count,
        0 AS read_count
    FROM reporting.lead_outcome
    GROUP BY vendor, campaign, day
    UNION ALL
    SELECT
        FALSE AS is_counted, '' AS vendor, coalesce(nullif(campaign, ''), '(none)') AS campaign, day,
        0 AS outcome_count,
        0 AS invalid_count,
        0 AS suppressed_count,
        0 AS duplicate_count,
        0 AS planned_count,
        0 AS sending_count,
        0 AS submitted_count,
        0 AS accepted_count,
        0 AS rejected_count,
        0 AS unknown_count,
        0 AS unattributed_count,
        0 AS withdrawn_count,
        0 AS accepted_before_count,
        0 AS gone_count,
        0 AS gone_open_count,
        sum(read_count) AS read_count
    FROM crm.read_counts
    GROUP BY coalesce(nullif(campaign, ''), '(none)'), day
), compared AS (
    SELECT
        sides.*,
        bool_or(is_counted) OVER both_sides AS has_counted,
        sum(read_count) OVER both_sides AS all_read_count,
        sum(outcome_count) OVER both_sides AS all_outcome_count,
        row_number() OVER (PARTITION BY campaign, day ORDER BY is_counted DESC, outcome_count DESC, vendor) AS line_no
    FROM sides
    WINDOW both_sides AS (PARTITION BY campaign, day)
)
SELECT
    compared.vendor, compared.campaign, compared.day,
    -- The reader knows no vendor: of several lines each has its own rows, and the first what is missing, or too many.
    CAST(outcome_count + CASE WHEN line_no = 1 THEN all_read_count - all_outcome_count ELSE 0 END AS bigint) AS read_count,
    invalid_count, suppressed_count, duplicate_count, planned_count, sending_count, submitted_count, accepted_count,
    rejected_count, unknown_count, unattributed_count, withdrawn_count,
    all_read_count = all_outcome_count
        AND outcome_count = invalid_count + suppressed_count + duplicate_count + planned_count + sending_count
            + submitted_count + accepted_count + rejected_count + unknown_count + unattributed_count + withdrawn_count
        AS balanced,
    CASE WHEN stop.reason_code <> 'load_ended_early' OR planned_count > 0 THEN stop.reason END AS stopped_because,
    gone_count, gone_open_count, accepted_before_count
FROM compared
LEFT JOIN ledger.campaign_stops AS stop
    ON stop.vendor = compared.vendor AND stop.campaign = compared.campaign AND stop.day = compared.day
WHERE is_counted OR NOT has_counted;
