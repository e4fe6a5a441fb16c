-- ledger.imports: one row per request that carries a batch. Every transition repeats the state and the
-- claim token that it relies on; zero rows is an answer. Every transition leaves an event.

-- name: begun_campaigns :many
-- Those of the campaigns that imports were planned for before.
SELECT wanted.campaign
FROM unnest(CAST(:campaigns AS text[])) AS wanted (campaign)
WHERE EXISTS (SELECT FROM ledger.imports WHERE imports.campaign = wanted.campaign);

-- name: unbegun_campaigns :many
-- Those of the campaigns that rows were read for on a day on which nothing was planned for them yet.
SELECT DISTINCT read.campaign
FROM crm.read_counts AS read
WHERE read.day = ANY (CAST(:days AS date[])) AND read.campaign = ANY (CAST(:campaigns AS text[]))
  AND NOT EXISTS (
      SELECT FROM ledger.imports AS import
      WHERE import.day = read.day AND import.vendor = :vendor AND import.campaign = read.campaign);

-- name: begin :many
-- New import ids, in order, one for each number of entries; the events say that they are planned, and the imports follow by COPY.
INSERT INTO ledger.events (at, import_id, event, actor, detail)
SELECT
    :now, nextval(pg_get_serial_sequence('ledger.imports', 'import_id')), 'planned', :actor,
    jsonb_build_object('entry_count', entry_count)
FROM unnest(CAST(:entry_counts AS integer[])) AS entry_count
RETURNING import_id;

-- name: claim_planned :many
-- Up to :limit due batches are ours to send until the lease ends; none that something was decided, or listed, after.
-- :targets are those that were found or made, by campaign and day; each batch keeps the one that it is sent to, and an update
-- goes where its lead is. Of the campaigns in :over, whose target is not loaded any more, only updates are.
-- `day + 0` keeps off the index by day: that would read the whole day, settled batches too, for every few batches.
WITH due AS (
    SELECT import.import_id, import.campaign, import.day, import.action
    FROM ledger.imports AS import
    WHERE import.vendor = :vendor AND import.state = 'planned' AND import.settled_at IS NULL AND import.due_at <= :now
      AND import.day + 0 = ANY (CAST(:days AS date[])) AND import.campaign = ANY (CAST(:campaigns AS text[]))
      AND import.planned_at >= (SELECT decided_at FROM ledger.newest_decision)
      AND (import.action = 'update' OR import.campaign <> ALL (CAST(:over AS text[])))
    ORDER BY import.due_at, import.import_id
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE ledger.imports AS import
    SET state = 'sending', claim_token = :token, claimed_by = :actor, lease_until = :lease_until,
        attempts = import.attempts + 1, sent_at = :now, error_code = NULL, error = NULL,
        target = coalesce(held.target, import.target || coalesce(made.target, '{}')),
        vendor_reference = CASE WHEN import.action = 'update' THEN held.vendor_id ELSE import.vendor_reference END
    FROM due
    LEFT JOIN json_to_recordset(CAST(:targets AS json)) AS made (campaign text, day date, target jsonb)
        ON made.campaign = due.campaign AND made.day = due.day
    LEFT JOIN LATERAL (
        SELECT before.target, delivery.vendor_id
        FROM ledger.deliveries AS delivery
        LEFT JOIN ledger.imports AS before ON before.import_id = delivery.held_import_id
        WHERE due.action = 'update' AND delivery.import_id = due.import_id AND delivery.position = 0
    ) AS held ON TRUE
    WHERE import.import_id = due.import_id AND import.state = 'planned'
    RETURNING import.import_id, import.import_key, import.campaign, import.day, import.target, import.payload,
              import.entry_count, import.attempts, import.vendor_reference, import.action, import.sent_at,
              import.progress, FALSE AS is_overdue, FALSE AS is_passed_over
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'sending', :actor, jsonb_build_object('attempt', attempts) FROM claimed
)
SELECT * FROM claimed ORDER BY import_id;

-- name: claim_unknown :many
-- Up to :limit batches whose outcome was not seen, and whose settle time is over, are ours to ask about. Of those that were
-- sent more than once it is told whether the vendor took others of the day, or of a later one, since the first time.
WITH due AS (
    SELECT import_id FROM ledger.imports
    WHERE vendor = :vendor AND state = 'unknown' AND settled_at IS NULL AND due_at <= :now
      AND (claim_token IS NULL OR lease_until < :now)
      AND day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]))
    ORDER BY due_at, import_id
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE ledger.imports AS import
    SET claim_token = :token, claimed_by = :actor, lease_until = :lease_until
    FROM due
    WHERE import.import_id = due.import_id AND import.state = 'unknown'
    RETURNING import.import_id, import.import_key, import.campaign, import.day, import.target, import.payload,
              import.entry_count, import.attempts, import.vendor_reference, import.action, import.sent_at,
              import.progress, coalesce(import.deadline_at <= :now, FALSE) AS is_overdue,
              import.attempts > 1 AND EXISTS (
                  SELECT FROM ledger.imports AS other
                  WHERE other.vendor = import.vendor AND other.day >= import.day AND other.accepted_count > 0
                    AND other.settled_at > (
                        SELECT min(at) FROM ledger.events
                        WHERE events.import_id = import.import_id AND event = 'sending')) AS is_passed_over
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor) SELECT :now, import_id, 'asking', :actor FROM claimed
)
SELECT * FROM claimed ORDER BY import_id;

-- name: open_positions :many
-- The positions of the batches that have no verdict yet.
SELECT import_id, position
FROM ledger.deliveries
WHERE import_id = ANY (CAST(:import_ids AS bigint[])) AND verdict IS NULL
ORDER BY import_id, position;

-- name: renew_leases :none
-- The leases of the imports that are held under the token end later.
UPDATE ledger.imports SET lease_until = :lease_until
WHERE import_id = ANY (CAST(:import_ids AS bigint[])) AND claim_token = :token AND settled_at IS NULL;

-- name: expire_leases :many
-- Batches whose sender went silent are unknown: their requests may have reached the vendor, until the lease ended.
WITH lost AS (
    UPDATE ledger.imports
    SET state = 'unknown', claim_token = NULL, claimed_by = NULL, sent_at = lease_until, lease_until = NULL,
        due_at = :due_at, error_code = 'sender_lost', error = 'the process that was sending this batch ended without a word'
    WHERE vendor = :vendor AND state = 'sending' AND settled_at IS NULL AND lease_until < :now
    RETURNING import_id
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor) SELECT :now, import_id, 'lease_expired', :actor FROM lost
)
SELECT import_id FROM lost;

-- name: abandon_claims :many
-- Everything held under the token that was not sent is planned again.
WITH freed AS (
    UPDATE ledger.imports
    SET state = 'planned', claim_token = NULL, claimed_by = NULL, lease_until = NULL, attempts = attempts - 1
    WHERE claim_token = :token AND state = 'sending' AND import_id = ANY (CAST(:import_ids AS bigint[]))
    RETURNING import_id
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor) SELECT :now, import_id, 'released', :actor FROM freed
)
SELECT import_id FROM freed;

-- name: return_to_plan :many
-- Batches that certainly did not reach the vendor are planned again, each due at its own time.
WITH freed AS (
    UPDATE ledger.imports AS import
    SET state = 'planned', claim_token = NULL, claimed_by = NULL, lease_until = NULL, due_at = failed.due_at,
        error_code = failed.error_code, error = failed.error
    FROM unnest(CAST(:import_ids AS bigint[]), CAST(:due_at AS timestamptz[]), CAST(:error_codes AS text[]),
                CAST(:errors AS text[])) AS failed (import_id, due_at, error_code, error)
    WHERE import.import_id = failed.import_id AND import.claim_token = :token AND import.state = 'sending'
    RETURNING import.import_id, import.error_code
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'not_sent', :actor, jsonb_build_object('error_code', error_code) FROM freed
)
SELECT import_id FROM freed;

-- name: send_again :many
-- The vendor was asked and has nothing of the batches: each is planned again as it is, under the same key.
WITH freed AS (
    UPDATE ledger.imports AS import
    SET state = 'planned', claim_token = NULL, claimed_by = NULL, lease_until = NULL, due_at = absent.due_at,
        error_code = 'absent_at_vendor', error = NULL, deadline_at = NULL, finished_at = NULL, progress = NULL,
        submitted_at = NULL, vendor_reference = NULL
    FROM unnest(CAST(:import_ids AS bigint[]), CAST(:due_at AS timestamptz[])) AS absent (import_id, due_at)
    WHERE import.import_id = absent.import_id AND import.claim_token = :token AND import.state = 'unknown'
    RETURNING import.import_id
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor)
    SELECT :now, import_id, 'absent_at_vendor', :actor FROM freed
)
SELECT import_id FROM freed;

-- name: mark_unknown :many
-- The batches' outcome was not seen, or not in full: each is due to be asked about at its own time. One that was being
-- sent may have been written only now: it waits for its turn at the vendor while it is claimed.
WITH lost AS (
    UPDATE ledger.imports AS import
    SET state = 'unknown', claim_token = NULL, claimed_by = NULL, lease_until = NULL, due_at = unseen.due_at,
        sent_at = CASE WHEN import.state = 'sending' THEN CAST(:now AS timestamptz) ELSE import.sent_at END,
        error_code = unseen.error_code, error = unseen.error
    FROM unnest(CAST(:import_ids AS bigint[]), CAST(:due_at AS timestamptz[]), CAST(:error_codes AS text[]),
                CAST(:errors AS text[])) AS unseen (import_id, due_at, error_code, error)
    WHERE import.import_id = unseen.import_id AND import.claim_token = :token
      AND import.state IN ('sending', 'unknown', 'submitted')
    RETURNING import.import_id, import.error_code
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'unknown', :actor, jsonb_build_object('error_code', error_code) FROM lost
)
SELECT import_id FROM lost;

-- name: still_decided :many
-- Those of the imports that nothing was decided, or listed, after: what they carry may go on as it is.
SELECT import.import_id
FROM ledger.imports AS import
WHERE import.import_id = ANY (CAST(:import_ids AS bigint[]))
  AND import.planned_at >= (SELECT decided_at FROM ledger.newest_decision);

-- name: newest_decision :one
-- When something was decided, or listed, last.
SELECT decided_at FROM ledger.newest_decision;

-- name: stale_plan :one
-- Whether something was decided, or listed, after batches of the campaigns and days were planned that are not sent yet.
SELECT EXISTS (
    SELECT FROM ledger.imports
    WHERE vendor = :vendor AND state = 'planned' AND settled_at IS NULL
      AND day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]))
      AND planned_at < (SELECT decided_at FROM ledger.newest_decision)
) AS is_stale;

-- name: hold_claims :many
-- Those of the batches that are still ours, locked until the transaction ends.
SELECT import_id FROM ledger.imports
WHERE import_id = ANY (CAST(:import_ids AS bigint[])) AND claim_token = :token
ORDER BY import_id
FOR UPDATE;

-- name: settle_whole :many
-- Those of the batches that are still ours are settled by one answer that named every entry: the entries that it did
-- not count as an exception are accepted. Returned are those that were ours; exceptions are stored after that.
WITH told AS (
    SELECT * FROM json_to_recordset(CAST(:settlements AS json))
        AS told (import_id bigint, vendor_ids text[], duplicate_count integer, rejected_count integer,
                 unattributed_count integer)
), done AS (
    UPDATE ledger.imports AS import
    SET state = 'settled', settled_at = :now, claim_token = NULL, claimed_by = NULL, lease_until = NULL,
        late_until = NULL, entry_verdict = 'accepted', vendor_ids = told.vendor_ids,
        accepted_count = import.entry_count - told.duplicate_count - told.rejected_count - told.unattributed_count,
        duplicate_count = told.duplicate_count, rejected_count = told.rejected_count,
        unattributed_count = told.unattributed_count,
        submitted_at = coalesce(import.submitted_at, :now), error_code = NULL, error = NULL
    FROM told
    WHERE import.import_id = ANY (CAST(:import_ids AS bigint[])) AND import.import_id = told.import_id
      AND import.claim_token = :token
    RETURNING import.import_id, import.accepted_count, import.duplicate_count, import.rejected_count
), event AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'settled', :actor,
           jsonb_build_object('accepted', accepted_count, 'duplicate', duplicate_count,
                              'rejected', rejected_count, 'moved', 0)
    FROM done
)
SELECT import_id FROM done;

-- name: settle :many
-- Batches of which every entry has a verdict, or went on in another batch, are settled, or failed when the
-- vendor has nothing of them.
WITH counted AS (
    SELECT asked.import_id, entries.*
    FROM unnest(CAST(:import_ids AS bigint[])) AS asked (import_id)
    CROSS JOIN LATERAL (
        SELECT count(*) FILTER (WHERE verdict IN ('accepted', 'withdrawn')) AS accepted_count,
               count(*) FILTER (WHERE verdict = 'duplicate')    AS duplicate_count,
               count(*) FILTER (WHERE verdict = 'rejected')     AS rejected_count,
               count(*) FILTER (WHERE verdict = 'unattributed') AS unattributed_count,
               count(*)                                         AS carried_count,
               count(*) FILTER (WHERE verdict IS NULL)          AS open_count
        FROM ledger.deliveries
        WHERE deliveries.import_id = asked.import_id
    ) AS entries
), done AS (
    UPDATE ledger.imports AS import
    SET state = CASE WHEN counted.accepted_count + counted.duplicate_count + counted.unattributed_count = 0
                      AND counted.carried_count < import.entry_count
                     THEN 'failed' ELSE 'settled' END,
        settled_at = :now, claim_token = NULL, claimed_by = NULL, lease_until = NULL,
        accepted_count = counted.accepted_count, duplicate_count = counted.duplicate_count,
        rejected_count = counted.rejected_count, unattributed_count = counted.unattributed_count,
        moved_count = import.entry_count - counted.carried_count,
        submitted_at = coalesce(import.submitted_at, :now), error_code = NULL, error = NULL
    FROM counted
    WHERE import.import_id = counted.import_id AND import.claim_token = :token AND counted.open_count = 0
    RETURNING import.import_id, import.state, import.accepted_count, import.duplicate_count, import.rejected_count,
              import.moved_count
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, state, :actor,
           jsonb_build_object('accepted', accepted_count, 'duplicate', duplicate_count,
                              'rejected', rejected_count, 'moved', moved_count)
    FROM done
)
SELECT import_id, state FROM done;

-- name: next_due :one
-- When the next batch in the given states is due, and how many there are; of those that are planned, what could be claimed.
SELECT min(greatest(due_at, coalesce(lease_until, due_at))) AS due_at, count(*) AS import_count
FROM ledger.imports
WHERE vendor = :vendor AND settled_at IS NULL AND state = ANY (CAST(:states AS text[]))
  AND day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]))
  AND (state <> 'planned' OR planned_at >= (SELECT decided_at FROM ledger.newest_decision));

-- name: due_partitions :many
-- The vendors and days, from :first_day to :today, that have batches to ask about now, leftovers to send, or a target whose
-- making was not seen; days that ended and that nobody planned, unless it is known why; and days of which leads wait because
-- the vendor failed, which may be over. The latter two only where nobody plans for the vendor.
-- With the attempt that makes a request unique, and with its cause: the newest of what waits, a word for each kind. Where
-- a load was asked for by all of these words it is not at once again: after :wait_s for a question, which has a due time of its
-- own, for the rest later each time. Questions come first; what was not asked for yet comes before what was, then what is due
-- for longest.
WITH planning AS (
    SELECT wanted.vendor
    FROM unnest(CAST(:vendors AS text[])) AS wanted (vendor)
    JOIN pg_locks AS turn  -- the lock of `lock_planning`
        ON turn.locktype = 'advisory' AND turn.objsubid = 1
        AND (CAST(turn.classid AS bigint) << 32) | CAST(turn.objid AS bigint)
            = hashtextextended('leadsync plan ' || wanted.vendor, 0)
), found AS (
    SELECT import.vendor, import.day, import.import_id, import.state <> 'planned' AS is_question,
           greatest(import.due_at, import.lease_until) AS due_at, CAST(NULL AS timestamptz) AS to_plan_since,
           CAST(NULL AS timestamptz) AS interrupted_since
    FROM ledger.imports AS import
    WHERE import.settled_at IS NULL AND import.vendor = ANY (CAST(:vendors AS text[]))
      AND import.day BETWEEN :first_day AND :today AND (
        (state = 'unknown' AND due_at <= :now AND (claim_token IS NULL OR lease_until < :now))
        OR (state = 'sending' AND lease_until < :now)
        OR (state = 'planned' AND due_at <= :now
            AND EXISTS (
                SELECT FROM crm.campaigns AS campaign
                WHERE campaign.campaign = import.campaign AND campaign.vendor = import.vendor AND campaign.is_active)
            AND (parent_id IS NOT NULL OR error_code = 'absent_at_vendor')))
    UNION ALL
    -- Each load plans them anew, as new batches: these are no cause.
    SELECT import.vendor, import.day, NULL, FALSE, import.due_at, NULL,
           (SELECT max(decided_at) FROM ledger.decisions WHERE decisions.day = import.day)
    FROM ledger.imports AS import
    JOIN crm.campaigns AS campaign ON campaign.campaign = import.campaign AND campaign.vendor = import.vendor
    WHERE import.state = 'planned' AND import.settled_at IS NULL AND import.due_at <= :now AND campaign.is_active
      AND import.vendor = ANY (CAST(:vendors AS text[])) AND import.day BETWEEN :first_day AND :today
      AND EXISTS (
          SELECT FROM ledger.targets AS target
          WHERE target.vendor = import.vendor AND target.campaign = import.campaign AND target.target IS NULL
            AND target.attempted_at < :settled_before)
    UNION ALL
    SELECT campaign.vendor, waiting.day, NULL, FALSE, waiting.since, waiting.since, NULL
    FROM ledger.to_plan AS waiting
    JOIN crm.campaigns AS campaign ON campaign.campaign = waiting.campaign
    WHERE campaign.is_active AND campaign.defect IS NULL AND campaign.vendor = ANY (CAST(:vendors AS text[]))
      AND waiting.day >= :first_day AND waiting.day < :today AND waiting.since < :decided_before
      AND NOT EXISTS (
          SELECT FROM ledger.campaign_stops AS stop
          WHERE stop.vendor = campaign.vendor AND stop.campaign = waiting.campaign AND stop.day = waiting.day
            AND stop.stopped_at >= waiting.since)
      AND campaign.vendor NOT IN (SELECT vendor FROM planning)
    UNION ALL
    SELECT stop.vendor, stop.day, NULL, FALSE, stop.stopped_at, NULL,
           (SELECT max(decided_at) FROM ledger.decisions WHERE decisions.day = stop.day)
    FROM ledger.campaign_stops AS stop
    JOIN crm.campaigns AS campaign ON campaign.campaign = stop.campaign AND campaign.vendor = stop.vendor
    WHERE stop.is_passing AND campaign.is_active AND stop.vendor = ANY (CAST(:vendors AS text[]))
      AND stop.day BETWEEN :first_day AND :today AND stop.stopped_at <= :ended_before
      AND stop.vendor NOT IN (SELECT vendor FROM planning)
      AND (EXISTS (
               SELECT FROM ledger.imports AS import
               WHERE import.vendor = stop.vendor AND import.day = stop.day AND import.campaign = stop.campaign
                 AND import.state = 'planned' AND import.settled_at IS NULL)
           OR EXISTS (
               SELECT FROM ledger.to_plan AS waiting
               WHERE waiting.day = stop.day AND waiting.campaign = stop.campaign))
), due AS (
    SELECT vendor, day, count(import_id) AS import_count, max(event.event_id) AS last_event_id,
           bool_or(is_question) AS is_question, bool_and(to_plan_since IS NOT NULL) AS is_unplanned,
           coalesce(min(due_at) FILTER (WHERE is_question), min(due_at)) AS due_at,
           concat_ws(' ', 'asked:' || max(event.event_id) FILTER (WHERE is_question),
                     'sent:' || max(found.import_id) FILTER (WHERE NOT is_question),
                     'planned:' || extract(epoch FROM max(to_plan_since)),
                     'interrupted:' || extract(epoch FROM max(interrupted_since))) AS cause
    FROM found
    LEFT JOIN LATERAL (
        SELECT event_id FROM ledger.events WHERE events.import_id = found.import_id ORDER BY event_id DESC LIMIT 1
    ) AS event ON TRUE
    GROUP BY vendor, day
)
SELECT due.vendor, due.day, due.import_count, due.last_event_id, due.is_unplanned, due.cause
FROM due
LEFT JOIN ledger.load_requests AS request
    ON request.vendor = due.vendor AND request.day = due.day
    AND string_to_array(due.cause, ' ') <@ string_to_array(request.cause, ' ')
WHERE request.day IS NULL
   OR request.requested_at + make_interval(secs => CASE
          WHEN due.is_question THEN CAST(:wait_s AS float)
          ELSE least(:wait_s * 2 ^ least(request.request_count - 1, 20), :longest_wait_s)
      END) <= :now
ORDER BY due.is_question DESC, coalesce(request.request_count, 0), due.due_at, due.day, due.vendor
LIMIT :limit;

-- name: days_out_of_reach :many
-- The days before :first_day, or after :today, that have open batches.
SELECT DISTINCT day FROM ledger.imports
WHERE settled_at IS NULL AND day NOT BETWEEN :first_day AND :today
ORDER BY day;

-- name: note_requests :none
-- Loads of these vendors and days were asked for, each for its cause, which may be a part of what the last one was asked for;
-- what was noted before :forget_before is forgotten.
WITH old AS (
    DELETE FROM ledger.load_requests
    WHERE requested_at < :forget_before
      AND (vendor, day) NOT IN (SELECT * FROM unnest(CAST(:vendors AS text[]), CAST(:days AS date[])))
)
INSERT INTO ledger.load_requests AS noted (vendor, day, cause, request_count, requested_at)
SELECT asked.vendor, asked.day, asked.cause, 1, CAST(:now AS timestamptz)
FROM unnest(CAST(:vendors AS text[]), CAST(:days AS date[]), CAST(:causes AS text[])) AS asked (vendor, day, cause)
ON CONFLICT (vendor, day) DO UPDATE SET
    (cause, request_count) = (
        SELECT CASE WHEN is_part THEN noted.cause ELSE excluded.cause END, CASE WHEN is_part THEN noted.request_count ELSE 0 END + 1
        FROM (SELECT string_to_array(excluded.cause, ' ') <@ string_to_array(noted.cause, ' ')) AS of_last (is_part)),
    requested_at = excluded.requested_at;

-- name: purge_payloads :one
-- Settled batches of days before the given one keep their counts and lose their payload.
WITH purged AS (
    UPDATE ledger.imports SET payload = NULL
    WHERE day < :before AND payload IS NOT NULL AND settled_at IS NOT NULL
    RETURNING 1
)
SELECT count(*) AS row_count FROM purged;

-- name: open_campaigns :many
-- The campaigns that have open batches in one of the states on the days.
SELECT DISTINCT campaign FROM ledger.imports
WHERE vendor = :vendor AND settled_at IS NULL AND state = ANY (CAST(:states AS text[]))
  AND day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]))
ORDER BY campaign;

-- name: loaded_campaigns :many
-- The campaigns that have batches on the days, every one of them at its end, and that nothing stopped. Of a load that
-- ended early, the campaigns that it left nobody of.
SELECT import.campaign FROM ledger.imports AS import
WHERE import.vendor = :vendor AND import.day = ANY (CAST(:days AS date[]))
  AND import.campaign = ANY (CAST(:campaigns AS text[]))
  AND NOT EXISTS (
      SELECT FROM ledger.campaign_stops AS stop
      WHERE stop.vendor = import.vendor AND stop.campaign = import.campaign AND stop.day = import.day
        AND (stop.reason_code = 'campaign_stopped' OR EXISTS (
            SELECT FROM ledger.contacts AS contact
            WHERE contact.day = stop.day AND contact.campaign = stop.campaign AND contact.verdict = 'eligible'
              AND NOT EXISTS (
                  SELECT FROM ledger.deliveries AS delivery
                  WHERE delivery.lead_id = contact.lead_id AND delivery.campaign = contact.campaign
                    AND delivery.source = contact.source))))
GROUP BY import.campaign
HAVING every(import.settled_at IS NOT NULL)
ORDER BY import.campaign;

-- name: campaigns_with_open :many
-- The campaigns that have open batches on the days, whether they are still configured or not.
SELECT DISTINCT campaign FROM ledger.imports
WHERE vendor = :vendor AND settled_at IS NULL AND day = ANY (CAST(:days AS date[]))
ORDER BY campaign;
