-- ledger.imports that a vendor took and tells of later: polls, and results that wait to be collected.

-- name: due_vendors :many
-- The vendors that are to be asked about imports now.
SELECT DISTINCT vendor FROM ledger.imports
WHERE due_at <= :now
  AND ((state = 'submitted' AND settled_at IS NULL AND finished_at IS NULL AND claim_token IS NULL)
       OR (state = 'settled' AND late_until > :now AND payload IS NOT NULL))
ORDER BY vendor;

-- name: take_polls :many
-- Up to :limit imports that are to be asked about now; nobody else asks before :retry_at.
WITH due AS (
    SELECT import_id FROM ledger.imports
    WHERE vendor = :vendor AND due_at <= :now
      AND ((state = 'submitted' AND settled_at IS NULL AND finished_at IS NULL AND claim_token IS NULL)
           OR (state = 'settled' AND late_until > :now AND payload IS NOT NULL))
    ORDER BY due_at, import_id
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
)
UPDATE ledger.imports AS import
SET due_at = :retry_at, poll_count = import.poll_count + 1
FROM due
WHERE import.import_id = due.import_id
RETURNING import.import_id, import.import_key, import.campaign, import.day, import.target, import.payload,
          import.entry_count, import.attempts, import.vendor_reference, import.action, import.sent_at,
          import.submitted_at, import.progress, import.poll_count, import.settled_at IS NOT NULL AS is_late,
          import.deadline_at <= :now AS is_overdue;

-- name: tell_progress :one
-- What the vendor told of an import that it is working on; finished_at says that the result can be collected.
WITH told AS (
    UPDATE ledger.imports
    SET progress = CAST(:progress AS jsonb), due_at = :due_at, finished_at = :finished_at,
        error_code = NULL, error = NULL
    WHERE import_id = :import_id AND state = 'submitted' AND finished_at IS NULL
    RETURNING import_id
), event AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'finished', :actor, CAST(:progress AS jsonb) FROM told
    WHERE CAST(:finished_at AS timestamptz) IS NOT NULL
)
SELECT count(*) AS row_count FROM told;

-- name: reopen :one
-- A vendor that was given up on has more to tell: its counted but unnamed entries are open again.
WITH opened AS (
    UPDATE ledger.imports
    SET state = 'submitted', settled_at = NULL, finished_at = :now, due_at = :now,
        progress = CAST(:progress AS jsonb)
    WHERE import_id = :import_id AND state = 'settled' AND late_until IS NOT NULL
    RETURNING import_id
), entries AS (
    UPDATE ledger.deliveries AS delivery
    SET verdict = NULL, settled_at = NULL, reason_code = NULL, reason = NULL
    FROM opened
    WHERE delivery.import_id = opened.import_id AND delivery.verdict = 'unattributed'
), event AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'told_late', :actor, CAST(:progress AS jsonb) FROM opened
)
SELECT count(*) AS row_count FROM opened;

-- name: put_off_poll :none
-- The vendor did not answer: the import is asked about again later, and says why.
UPDATE ledger.imports
SET due_at = :due_at, error_code = :error_code, error = :error
WHERE import_id = :import_id AND settled_at IS NULL AND state = 'submitted';

-- name: hear_no_more :none
-- The imports are settled for good: nothing more is awaited.
UPDATE ledger.imports SET late_until = NULL
WHERE import_id = ANY (CAST(:import_ids AS bigint[])) AND state = 'settled' AND late_until IS NOT NULL;

-- name: put_off_late :none
-- The vendor has nothing more to tell yet of an import that is settled for now.
UPDATE ledger.imports SET due_at = :due_at WHERE import_id = :import_id AND state = 'settled' AND late_until IS NOT NULL;

-- name: due_days :many
-- The days, from :first_day to :today, that have results to collect, with the newest event, which makes a request unique.
SELECT import.day, count(*) AS import_count, max(event.event_id) AS last_event_id
FROM ledger.imports AS import
LEFT JOIN LATERAL (
    SELECT event_id FROM ledger.events WHERE events.import_id = import.import_id ORDER BY event_id DESC LIMIT 1
) AS event ON TRUE
WHERE import.state = 'submitted' AND import.settled_at IS NULL AND import.finished_at IS NOT NULL
  AND import.due_at <= :now
  AND (import.claim_token IS NULL OR import.lease_until < :now)
  AND import.day BETWEEN :first_day AND :today
GROUP BY import.day
ORDER BY import.day
LIMIT :limit;

-- name: claim_finished :many
-- Up to :limit imports whose result can be collected are ours to collect until the lease ends.
WITH due AS (
    SELECT import_id FROM ledger.imports
    WHERE vendor = :vendor AND state = 'submitted' AND settled_at IS NULL AND finished_at IS NOT NULL
      AND due_at <= :now
      AND (claim_token IS NULL OR lease_until < :now)
      AND day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]))
    ORDER BY due_at, import_id
    LIMIT :limit
    FOR UPDATE SKIP LOCKED
), claimed AS (
    UPDATE ledger.imports AS import
    SET claim_token = :token, claimed_by = :actor, lease_until = :lease_until
    FROM due
    WHERE import.import_id = due.import_id AND import.state = 'submitted'
    RETURNING import.import_id, import.import_key, import.campaign, import.day, import.target, import.payload,
              import.entry_count, import.attempts, import.vendor_reference, import.action, import.sent_at,
              import.progress, import.deadline_at <= :now AS is_overdue, FALSE AS is_passed_over
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor) SELECT :now, import_id, 'collecting', :actor FROM claimed
)
SELECT * FROM claimed ORDER BY import_id;

-- name: submit :many
-- The vendor took the imports, or still has them, and tells later what became of them.
WITH taken AS (
    UPDATE ledger.imports AS import
    SET state = 'submitted', claim_token = NULL, claimed_by = NULL, lease_until = NULL,
        submitted_at = coalesce(import.submitted_at, :now), due_at = told.due_at,
        deadline_at = coalesce(import.deadline_at, told.deadline_at), finished_at = NULL,
        error_code = NULL, error = NULL
    FROM unnest(CAST(:import_ids AS bigint[]), CAST(:due_at AS timestamptz[]), CAST(:deadline_at AS timestamptz[]))
        AS told (import_id, due_at, deadline_at)
    WHERE import.import_id = told.import_id AND import.claim_token = :token
      AND import.state IN ('sending', 'unknown', 'submitted')
    RETURNING import.import_id
), event AS (
    INSERT INTO ledger.events (at, import_id, event, actor) SELECT :now, import_id, 'submitted', :actor FROM taken
)
SELECT import_id FROM taken;

-- name: put_off :many
-- The result could not be read in full: nothing is concluded, and it is collected again later.
WITH freed AS (
    UPDATE ledger.imports AS import
    SET claim_token = NULL, claimed_by = NULL, lease_until = NULL, due_at = failed.due_at,
        error_code = failed.error_code, error = failed.error
    FROM unnest(CAST(:import_ids AS bigint[]), CAST(:due_at AS timestamptz[]), CAST(:error_codes AS text[]),
                CAST(:errors AS text[])) AS failed (import_id, due_at, error_code, error)
    WHERE import.import_id = failed.import_id AND import.claim_token = :token AND import.state = 'submitted'
    RETURNING import.import_id, import.error_code
), told AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'not_collected', :actor, jsonb_build_object('error_code', error_code) FROM freed
)
SELECT import_id FROM freed;

-- name: note :none
-- What the vendor calls the imports, and what it says of them.
UPDATE ledger.imports AS import
SET vendor_reference = coalesce(told.reference, import.vendor_reference),
    detail = coalesce(told.detail, import.detail),
    error_report = coalesce(told.error_report, import.error_report)
FROM unnest(CAST(:import_ids AS bigint[]), CAST(:references AS text[]), CAST(:details AS text[]),
            CAST(:error_reports AS text[])) AS told (import_id, reference, detail, error_report)
WHERE import.import_id = told.import_id AND import.claim_token = :token;

-- name: await_late :none
-- The imports are settled by what was known in time; later word is still heard, until the time that was set first.
UPDATE ledger.imports AS import
SET late_until = coalesce(import.late_until, told.late_until), due_at = told.due_at
FROM unnest(CAST(:import_ids AS bigint[]), CAST(:due_at AS timestamptz[]), CAST(:late_until AS timestamptz[]))
    AS told (import_id, due_at, late_until)
WHERE import.import_id = told.import_id AND import.state = 'settled';
