-- reporting: what people read.

-- name: campaign_days :many
-- One row per vendor, campaign and day of the given days.
SELECT * FROM reporting.campaign_day
WHERE day = ANY (CAST(:days AS date[]))
ORDER BY day, vendor, campaign;

-- name: reasons :many
-- Why leads of the given days are where they are.
SELECT vendor, campaign, day, state, reason_code, lead_count, since
FROM reporting.reason
WHERE day = ANY (CAST(:days AS date[]))
ORDER BY day, vendor, campaign, lead_count DESC, state, reason_code;

-- name: unclear_withdrawals :many
-- How many leads of each campaign their vendor gave back for what their rows of the given days have as consent: a word
-- that nobody knows.
SELECT delivery.vendor, contact.campaign, contact.day, count(*) AS lead_count
FROM ledger.contacts AS contact
JOIN ledger.deliveries AS delivery
    ON delivery.campaign = contact.campaign AND delivery.source = contact.source AND delivery.lead_id = contact.lead_id
WHERE contact.day = ANY (CAST(:days AS date[])) AND contact.reason_code = 'consent_unclear'
  AND delivery.verdict = 'withdrawn' AND delivery.reason_code = 'consent_unclear_after_delivery'
GROUP BY delivery.vendor, contact.campaign, contact.day
ORDER BY contact.day, delivery.vendor, contact.campaign;

-- name: begin_reading :none
-- Until the transaction ends nothing can be written, times are those of the zone, and where our user may act as
-- leadsync_reader, he can read what that role may.
SELECT set_config('transaction_read_only', 'on', TRUE), set_config('TimeZone', :zone, TRUE), set_config('role', coalesce((
    SELECT role.rolname
    FROM pg_roles AS role
    JOIN pg_settings AS server ON server.name = 'server_version_num'
    WHERE role.rolname = 'leadsync_reader'
      AND pg_has_role(role.oid, CASE WHEN CAST(server.setting AS integer) >= 160000 THEN 'SET' ELSE 'MEMBER' END)
), 'none'), TRUE);

-- name: leads :many
-- The leads of the day in these states, of these campaigns and for these reasons; an empty list means any.
SELECT campaign, vendor, source, lead_id, row_no, state, reason_code, reason, vendor_id, import_id
FROM reporting.lead_outcome
WHERE day = :day
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR campaign = ANY (CAST(:campaigns AS text[])))
  AND (cardinality(CAST(:states AS text[])) = 0 OR state = ANY (CAST(:states AS text[])))
  AND (cardinality(CAST(:reason_codes AS text[])) = 0 OR reason_code = ANY (CAST(:reason_codes AS text[])))
ORDER BY campaign, state, reason_code, source, row_no
LIMIT :limit;

-- name: open_imports :many
-- The open imports of the given days, the oldest first; those that wait for the same are one row, under the first of them.
SELECT min(import_id) AS import_id, count(*) AS import_count, vendor, campaign, day, state,
       CAST(sum(sent_count) AS bigint) AS lead_count, max(attempts) AS attempts, min(since) AS since,
       min(next_action_at) AS next_action_at, next_action, error_code, min(detail) AS detail
FROM reporting.open_import
WHERE day = ANY (CAST(:days AS date[]))
GROUP BY vendor, campaign, day, state, next_action, error_code
ORDER BY since, import_id;

-- name: newest_days :many
-- The newest days that were pulled, or that an intake failed of: those that are over first. Of a purged day its decision
-- is left.
SELECT day
FROM (SELECT day FROM crm.pulls UNION SELECT day FROM ledger.decisions UNION SELECT day FROM crm.intake_failures) AS known
ORDER BY day < :today DESC, day DESC
LIMIT :limit;

-- name: waiting_days :many
-- The newest days before the given one that imports are open of, or campaigns stopped, or that are to be planned.
SELECT day FROM ledger.imports WHERE settled_at IS NULL AND day < :before
UNION
SELECT day FROM ledger.campaign_stops WHERE day < :before
UNION
SELECT day FROM ledger.to_plan WHERE day < :before
ORDER BY day DESC
LIMIT :limit;

-- name: missed_days :many
-- The newest days before the given one whose last intake failed, and why; and those since the first pull, but not before
-- :since, of which nothing was decided.
SELECT missed.day, failure.problem, decision.day IS NOT NULL AS is_decided
FROM (
    SELECT day FROM crm.intake_failures WHERE day < :before
    UNION
    SELECT CAST(:since AS date) + passed.day_count
    FROM generate_series(0, CAST(:before AS date) - CAST(:since AS date) - 1) AS passed (day_count)
    WHERE CAST(:since AS date) + passed.day_count > (SELECT min(day) FROM crm.pulls)
      AND CAST(:since AS date) + passed.day_count NOT IN (SELECT day FROM ledger.decisions)
) AS missed (day)
LEFT JOIN crm.intake_failures AS failure ON failure.day = missed.day
LEFT JOIN (SELECT DISTINCT day FROM ledger.decisions) AS decision ON decision.day = missed.day
ORDER BY missed.day DESC
LIMIT :limit;

-- name: decided_days :many
-- Those of the days that were decided, when they were pulled last, and whether they have no row that could be read.
SELECT decided.day, (SELECT max(pulled_at) FROM crm.pulls WHERE pulls.day = decided.day) AS pulled_at, NOT EXISTS (
    SELECT FROM ledger.contacts
    WHERE contacts.day = decided.day AND contacts.reason_code IS DISTINCT FROM 'row_unreadable'
) AS is_empty
FROM (SELECT DISTINCT day FROM ledger.decisions WHERE day = ANY (CAST(:days AS date[]))) AS decided;

-- name: import_totals :many
-- Imports of the vendor and days by state, with what their entries came to.
SELECT vendor, state, count(*) AS import_count, sum(attempts)::bigint AS attempts, sum(accepted_count)::bigint AS accepted_count,
       sum(duplicate_count)::bigint AS duplicate_count, sum(rejected_count)::bigint AS rejected_count
FROM ledger.imports
WHERE day = ANY (CAST(:days AS date[]))
GROUP BY vendor, state
ORDER BY vendor, state;

-- name: stop_campaigns :none
-- The campaigns are marked as stopped on the days, and why.
INSERT INTO ledger.campaign_stops (vendor, campaign, day, reason_code, reason, stopped_at)
SELECT :vendor, stop.campaign, affected.day, 'campaign_stopped', stop.reason, :now
FROM unnest(CAST(:campaigns AS text[]), CAST(:reasons AS text[])) AS stop (campaign, reason)
CROSS JOIN unnest(CAST(:days AS date[])) AS affected (day)
ON CONFLICT (vendor, campaign, day)
DO UPDATE SET reason_code = excluded.reason_code, reason = excluded.reason, is_passing = FALSE, stopped_at = excluded.stopped_at;

-- name: end_early :none
-- The campaigns are marked with why the load of these days ended before its end; one that was stopped for a reason of its
-- own keeps that. Where nothing waits, nobody sees the mark; the next plan takes it away.
INSERT INTO ledger.campaign_stops (vendor, campaign, day, reason_code, reason, is_passing, stopped_at)
SELECT :vendor, loaded.campaign, affected.day, 'load_ended_early', :reason, :is_passing, :now
FROM unnest(CAST(:campaigns AS text[])) AS loaded (campaign)
CROSS JOIN unnest(CAST(:days AS date[])) AS affected (day)
ON CONFLICT (vendor, campaign, day)
DO UPDATE SET reason = excluded.reason, is_passing = excluded.is_passing, stopped_at = excluded.stopped_at
WHERE campaign_stops.reason_code = excluded.reason_code;

-- name: clear_stops :none
-- None of the campaigns is marked as stopped on the days.
DELETE FROM ledger.campaign_stops
WHERE vendor = :vendor AND day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]));

-- name: forget_stops :none
-- None of the campaigns that are gone, or not active any more, is marked as stopped on the day.
DELETE FROM ledger.campaign_stops AS stop
WHERE stop.day = :day AND NOT EXISTS (
    SELECT FROM crm.campaigns AS campaign
    WHERE campaign.campaign = stop.campaign AND campaign.vendor = stop.vendor AND campaign.is_active);

-- name: upsert_call_results :one
-- The vendor's newest word on the calls of these customers is stored; unknown ids are left out. An id stands in its
-- delivery, or by position in an import that was accepted whole.
WITH told AS (
    SELECT * FROM unnest(CAST(:vendor_ids AS text[]), CAST(:results AS text[]), CAST(:call_results AS text[]),
                         CAST(:classifiers AS text[]), CAST(:call_counts AS integer[]), CAST(:agent_ids AS text[]),
                         CAST(:changed_at AS timestamptz[]))
        AS told (vendor_id, result, call_result, classifier, call_count, agent_id, changed_at)
), placed AS (
    SELECT import.import_id, entry.place - 1 AS position, entry.vendor_id
    FROM ledger.imports AS import
    CROSS JOIN LATERAL unnest(import.vendor_ids) WITH ORDINALITY AS entry (vendor_id, place)
    WHERE import.campaign = :campaign AND entry.vendor_id = ANY (CAST(:vendor_ids AS text[]))
), named AS (
    SELECT delivery.vendor, delivery.campaign, delivery.source, delivery.lead_id, placed.vendor_id
    FROM placed
    JOIN ledger.deliveries AS delivery
        ON delivery.import_id = placed.import_id AND delivery.position = placed.position
    UNION ALL
    SELECT delivery.vendor, delivery.campaign, delivery.source, delivery.lead_id, delivery.vendor_id
    FROM ledger.deliveries AS delivery
    WHERE delivery.campaign = :campaign AND delivery.vendor_id = ANY (CAST(:vendor_ids AS text[]))
), known AS (
    SELECT DISTINCT ON (named.source, named.lead_id)
           named.vendor, named.campaign, named.source, named.lead_id, told.result, told.call_result,
           told.classifier, told.call_count, told.agent_id, told.changed_at
    FROM told
    JOIN named ON named.vendor_id = told.vendor_id
    ORDER BY named.source, named.lead_id, told.changed_at DESC NULLS LAST
), stored AS (
    INSERT INTO ledger.call_results
        (vendor, campaign, source, lead_id, result, call_result, classifier, call_count, agent_id, changed_at, read_at)
    SELECT vendor, campaign, source, lead_id, result, call_result, classifier, call_count, agent_id, changed_at, :now
    FROM known
    ON CONFLICT (campaign, source, lead_id) DO UPDATE SET
        result = excluded.result, call_result = excluded.call_result, classifier = excluded.classifier,
        call_count = excluded.call_count, agent_id = excluded.agent_id, changed_at = excluded.changed_at,
        read_at = excluded.read_at
    RETURNING 1
)
SELECT count(*) AS row_count FROM stored;

-- name: shortfall :one
-- Settled imports of which the vendor counted fewer leads than it was sent, and how many leads that are.
SELECT count(*) AS import_count, coalesce(sum(entry_count - moved_count - counted.lead_count), 0) AS lead_count
FROM ledger.imports AS import
CROSS JOIN LATERAL (
    SELECT sum(CAST(value AS integer)) AS lead_count FROM jsonb_each_text(import.progress -> 'counts')
) AS counted
WHERE import.day = ANY (CAST(:days AS date[])) AND import.state = 'settled'
  AND (import.unattributed_count > 0 OR import.late_until IS NOT NULL)
  AND jsonb_exists(import.progress -> 'counts', 'accepted')
  AND import.entry_count - import.moved_count > counted.lead_count;

-- name: targets :many
-- The targets that were found or made by name, and what was last done to each.
SELECT vendor, campaign, name, is_made, known_at, last_event, last_event_at
FROM reporting.target
ORDER BY vendor, campaign, name;

-- name: stops :many
-- The vendor's campaigns that were stopped on the day for a reason of their own.
SELECT campaign, reason FROM ledger.campaign_stops
WHERE vendor = :vendor AND day = :day AND reason_code = 'campaign_stopped'
ORDER BY campaign;
