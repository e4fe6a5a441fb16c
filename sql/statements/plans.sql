-- Plans: whose turn it is to make one, which imports are taken from it, and which campaigns of which days are to be planned
-- (ledger.to_plan).

-- name: lock_planning :one
-- Whether the turn to plan for the vendor is ours now; then it is until it is given up, or the connection ends.
SELECT pg_try_advisory_lock(hashtextextended('leadsync plan ' || CAST(:vendor AS text), 0)) AS is_ours;

-- name: hold_day :none
-- Rows and decisions of the day stay as they are until `unlock_planning`; waits for who is changing them now.
SELECT pg_advisory_lock_shared(hashtextextended('leadsync decide ' || CAST(:day AS text), 0)),
       pg_advisory_lock_shared(hashtextextended('leadsync pull lead ' || CAST(:day AS text), 0)),
       pg_advisory_lock_shared(hashtextextended('leadsync pull customer ' || CAST(:day AS text), 0));

-- name: unlock_planning :none
-- Others may plan for the vendor, and change the days that were held.
SELECT pg_advisory_unlock_all();

-- name: outdated_plan :many
-- What was planned for the day but not sent, to be planned anew from the contacts. What was tried before, or came from
-- another batch, goes on as it is and under its own key, unless something was decided since. Locked until the
-- transaction ends; what somebody claims at this moment is left out.
SELECT import_id FROM ledger.imports
WHERE vendor = :vendor AND day = :day AND campaign = ANY (CAST(:campaigns AS text[])) AND state = 'planned'
  AND ((attempts = 0 AND parent_id IS NULL)
       OR planned_at < (SELECT decided_at FROM ledger.newest_decision))
FOR UPDATE SKIP LOCKED;

-- name: overtaken_plan :many
-- What was planned for older days but not sent, and carries a lead of which the day has an eligible row: the newest one speaks
-- for it. By group, as for `contacts.outrun`. Locked as above.
WITH waiting AS MATERIALIZED (
    SELECT import_id FROM ledger.imports
    WHERE vendor = :vendor AND state = 'planned' AND settled_at IS NULL
      AND day + 0 < :day AND campaign = ANY (CAST(:campaigns AS text[]))
), carrying AS MATERIALIZED (
    SELECT DISTINCT lead.import_id FROM (
        SELECT max(import_id) AS import_id
        FROM (
            SELECT carried.* FROM waiting
            CROSS JOIN LATERAL (
                SELECT campaign, source, lead_id, import_id FROM ledger.deliveries
                WHERE deliveries.import_id = waiting.import_id AND verdict IS NULL OFFSET 0
            ) AS carried
            UNION ALL
            SELECT campaign, source, lead_id, NULL FROM ledger.contacts
            WHERE EXISTS (SELECT FROM waiting)
              AND day = :day AND campaign = ANY (CAST(:campaigns AS text[])) AND verdict = 'eligible' AND NOT is_purged
        ) AS either
        GROUP BY campaign, source, lead_id
        HAVING count(import_id) > 0 AND count(*) > count(import_id)
    ) AS lead
)
SELECT import_id FROM ledger.imports
WHERE import_id = ANY (ARRAY(SELECT import_id FROM carrying)) AND state = 'planned' AND settled_at IS NULL
FOR UPDATE SKIP LOCKED;

-- name: barred_updates :many
-- The updates that wait of the vendor's leads that are to be taken back. Locked as above.
SELECT import.import_id
FROM ledger.withdrawals AS due
JOIN ledger.deliveries AS delivery
    ON delivery.lead_id = due.lead_id AND delivery.campaign = due.campaign AND delivery.source = due.source
JOIN ledger.imports AS import ON import.import_id = delivery.import_id
WHERE due.vendor = :vendor AND delivery.held_import_id IS NOT NULL AND delivery.verdict IS NULL
  AND import.state = 'planned' AND import.settled_at IS NULL
FOR UPDATE OF import SKIP LOCKED;

-- name: expired_plan :many
-- What waits of days before the given one: what could be sent is to be forgotten. Locked as above.
SELECT import_id FROM ledger.imports
WHERE day < :before AND state = 'planned' AND settled_at IS NULL
FOR UPDATE SKIP LOCKED;

-- name: withdraw :one
-- The imports, which are locked and were not sent, are planned no more. An update leaves the lead as the vendor has it,
-- and says so.
WITH held AS (
    UPDATE ledger.deliveries AS delivery
    SET import_id = delivery.held_import_id, position = delivery.held_position,
        content_digest = delivery.held_digest, phone = coalesce(delivery.held_phone, delivery.phone),
        phones = coalesce(delivery.held_phones, delivery.phones), kept_phones = delivery.held_phones,
        held_import_id = NULL, held_position = NULL, held_digest = NULL, held_phone = NULL, held_phones = NULL,
        verdict = 'accepted', settled_at = :now, reason_code = 'changed_since_accepted',
        reason = 'the lead changed after the vendor accepted it; ' || :unsent
    WHERE delivery.import_id = ANY (CAST(:import_ids AS bigint[]))
      AND delivery.verdict IS NULL AND delivery.held_digest IS NOT NULL
), unplanned AS (
    DELETE FROM ledger.deliveries AS delivery
    WHERE delivery.import_id = ANY (CAST(:import_ids AS bigint[]))
      AND delivery.verdict IS NULL AND delivery.held_digest IS NULL
    RETURNING delivery.campaign, delivery.lead_id
), dropped AS (
    DELETE FROM ledger.imports AS import
    WHERE import.import_id = ANY (CAST(:import_ids AS bigint[]))
    RETURNING import.import_id, import.entry_count
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'withdrawn_from_plan', :actor, jsonb_build_object('entry_count', entry_count) FROM dropped
)
SELECT (SELECT count(*) FROM dropped) AS import_count, (SELECT count(*) FROM unplanned) AS delivery_count,
       ARRAY(SELECT DISTINCT campaign FROM unplanned) AS campaigns, ARRAY(SELECT lead_id FROM unplanned) AS lead_ids;

-- name: note_to_plan :none
-- The active campaigns that rows of the day were read for are to be planned for the day, and no others.
WITH wanted AS (
    SELECT DISTINCT read.campaign
    FROM crm.read_counts AS read
    JOIN crm.campaigns AS campaign ON campaign.campaign = read.campaign AND campaign.is_active
    WHERE read.day = :day
), done_with AS (
    DELETE FROM ledger.to_plan WHERE day = :day AND campaign NOT IN (SELECT campaign FROM wanted)
)
INSERT INTO ledger.to_plan (day, campaign, since)
SELECT :day, campaign, CAST(:now AS timestamptz) FROM wanted ORDER BY campaign
ON CONFLICT (day, campaign) DO UPDATE SET since = ledger.asked_again(to_plan.since, excluded.since);

-- name: plan_again :none
-- The campaigns are to be planned for the day once more, each from its time on.
INSERT INTO ledger.to_plan (day, campaign, since)
SELECT :day, campaign, since
FROM unnest(CAST(:campaigns AS text[]), CAST(:since AS timestamptz[])) AS again (campaign, since) ORDER BY campaign
ON CONFLICT (day, campaign) DO UPDATE SET since = least(excluded.since, to_plan.since);

-- name: plan_newest_again :none
-- Nobody delivers the leads any more: the active campaigns are to be planned once more for the newest day that has an
-- eligible row of each. Not a join with the leads: where the statistics say that they are few, that compares each with each.
INSERT INTO ledger.to_plan (day, campaign, since)
SELECT newest.day, newest.campaign, CAST(:now AS timestamptz)
FROM (
    SELECT DISTINCT lead.day, lead.campaign FROM (
        SELECT max(day) AS day, campaign
        FROM ledger.contacts
        WHERE lead_id = ANY (CAST(:lead_ids AS text[])) AND campaign = ANY (CAST(:campaigns AS text[]))
          AND verdict = 'eligible' AND NOT is_purged
        GROUP BY campaign, source, lead_id
    ) AS lead
) AS newest
JOIN crm.campaigns AS campaign ON campaign.campaign = newest.campaign AND campaign.is_active
ORDER BY newest.day, newest.campaign
ON CONFLICT (day, campaign) DO UPDATE SET since = ledger.asked_again(to_plan.since, excluded.since);

-- name: to_plan :many
-- Those of the campaigns that are to be planned for the day, and since when.
SELECT campaign, since FROM ledger.to_plan WHERE day = :day AND campaign = ANY (CAST(:campaigns AS text[]));

-- name: forget_to_plan :none
-- The campaigns are planned for the day, unless more of them was given back since.
DELETE FROM ledger.to_plan AS planned
USING unnest(CAST(:campaigns AS text[]), CAST(:since AS timestamptz[])) AS seen (campaign, since)
WHERE planned.day = :day AND planned.campaign = seen.campaign AND planned.since = seen.since;

-- name: purge_to_plan :none
-- Of days before the given one nothing is to be planned any more.
DELETE FROM ledger.to_plan WHERE day < :before;
