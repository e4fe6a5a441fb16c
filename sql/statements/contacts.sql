-- ledger.contacts: what was decided about every row.

-- name: delete_day :none
-- No decision is stored for the source and day.
DELETE FROM ledger.contacts WHERE day = :day AND source = :source;

-- name: comparable_rows :many
-- The rows of the day that may be duplicates of others: those that may be sent, and those that stop a lead.
SELECT row_no, campaign, lead_id, verdict, reason_code, phones[1] AS phone
FROM ledger.contacts
WHERE day = :day AND source = :source
  AND (verdict = 'eligible' OR verdict = 'suppressed' AND reason_code = ANY (CAST(:stops AS text[])));

-- name: refused_leads :many
-- The leads of the source that a row refused for one of the reasons, on the given day or later, the day itself aside;
-- and those that a row of a later day has a number of that must not be called.
-- A row that is held by what another said is none of them: it says nothing of consent, or grants it.
SELECT campaign, lead_id
FROM ledger.contacts
WHERE day >= :since AND day <> :day AND source = :source AND verdict = 'suppressed' AND lead_id <> ''
  AND (consent <> 'granted' AND reason_code = ANY (CAST(:reason_codes AS text[]))
       OR reason_code = 'do_not_call' AND day > :day);

-- name: refused_elsewhere :many
-- The campaigns' rows of the day, of leads as `refused_leads`: those that may be sent, and those that grant consent. By a
-- list, not by a join: it is hashed.
WITH refused AS MATERIALIZED (
    SELECT campaign, source, lead_id
    FROM ledger.contacts
    WHERE day >= :since AND day <> :day AND verdict = 'suppressed' AND campaign = ANY (CAST(:campaigns AS text[]))
      AND (consent <> 'granted' AND reason_code = ANY (CAST(:reason_codes AS text[]))
           OR reason_code = 'do_not_call' AND day > :day)
)
SELECT source, row_no, campaign, lead_id, verdict, consent
FROM ledger.contacts
WHERE EXISTS (SELECT FROM refused) AND day = :day AND (verdict = 'eligible' OR consent = 'granted')
  AND (campaign, source, lead_id) IN (SELECT campaign, source, lead_id FROM refused);

-- name: refusals :many
-- Of the leads, by lead, the last of these refusals.
SELECT campaign, source, lead_id, max(day) AS day, (array_agg(reason_code ORDER BY day DESC))[1] AS reason_code
FROM ledger.contacts
WHERE day >= :since AND day <> :day AND verdict = 'suppressed' AND consent <> 'granted'
  AND reason_code = ANY (CAST(:reason_codes AS text[])) AND lead_id = ANY (CAST(:lead_ids AS text[]))
GROUP BY campaign, source, lead_id;

-- name: listed_later :many
-- Of the leads, by lead, the last later day whose row has a number that must not be called, where no row after it may be
-- sent.
SELECT campaign, source, lead_id, max(day) FILTER (WHERE is_listed) AS day
FROM (
    SELECT day, campaign, source, lead_id, verdict = 'suppressed' AND reason_code = 'do_not_call' AS is_listed
    FROM ledger.contacts
    WHERE day > :day AND lead_id = ANY (CAST(:lead_ids AS text[]))
      AND (verdict = 'eligible' OR is_refused_by_plan OR verdict = 'suppressed' AND reason_code = 'do_not_call')
) AS later
GROUP BY campaign, source, lead_id
HAVING max(day) FILTER (WHERE is_listed) > coalesce(max(day) FILTER (WHERE NOT is_listed), '-infinity');

-- name: grants :many
-- Of the leads, by lead, the last day after the given one, the day itself aside, on which a row granted consent. By a
-- list, not by a join: it is hashed.
SELECT campaign, source, lead_id, max(day) AS day
FROM ledger.contacts
WHERE day > :since AND day <> :day AND consent = 'granted' AND lead_id = ANY (CAST(:lead_ids AS text[]))
GROUP BY campaign, source, lead_id;

-- name: suppress :none
-- The rows of the day are suppressed, for these reasons.
-- Not an update with a join: where the statistics say that the day is empty, that compares each row with each.
INSERT INTO ledger.contacts (day, source, row_no, campaign, lead_id, verdict, reason_code, reason)
SELECT :day, held.source, held.row_no, '', '', 'suppressed', held.reason_code, held.reason
FROM unnest(CAST(:sources AS text[]), CAST(:row_nos AS bigint[]), CAST(:reason_codes AS text[]), CAST(:reasons AS text[]))
    AS held (source, row_no, reason_code, reason)
ON CONFLICT (day, source, row_no)
DO UPDATE SET verdict = excluded.verdict, reason_code = excluded.reason_code, reason = excluded.reason;

-- name: mark_duplicates :one
-- Of the given rows of the day, those that share a lead, or a first number, inside a campaign, one is kept: a lead that
-- was delivered already, else the first by cursor. Every other names the lead that was kept. Where a row refuses a lead,
-- the last row that speaks of consent decides; where one has a number that must not be called, the last row of all; and
-- the others are duplicates of it. A row that shares nothing is kept.
WITH sharing AS MATERIALIZED (
    SELECT contact.*
    FROM unnest(CAST(:sources AS text[]), CAST(:row_nos AS bigint[])) AS shared (source, row_no)
    CROSS JOIN LATERAL (
        SELECT day, source, row_no, campaign, lead_id, phones[1] AS phone, cursor_at, consent,
               CASE WHEN verdict = 'eligible' THEN verdict WHEN reason_code = 'do_not_call' THEN 'listed' ELSE 'refused' END AS kind
        FROM ledger.contacts
        WHERE contacts.day = :day AND contacts.source = shared.source AND contacts.row_no = shared.row_no
        LIMIT 1
    ) AS contact
), judged AS (
    -- A row that stops a lead and has no moment may be the last.
    SELECT *, CASE WHEN granted_at <= refused_at OR granted_at IS NULL AND refused_at IS NOT NULL THEN 'refused'
                   WHEN eligible_at <= listed_at OR eligible_at IS NULL AND listed_at IS NOT NULL THEN 'listed'
                   ELSE 'eligible' END AS outcome,
           greatest(refused_at, listed_at) AS stopped_at,
           row_number() OVER (
               PARTITION BY campaign, source, lead_id, kind ORDER BY cursor_at DESC NULLS FIRST, row_no DESC) AS last_rank
    FROM (
        SELECT *,
            max(cursor_at) FILTER (WHERE consent = 'granted') OVER same_lead AS granted_at,
            max(cursor_at) FILTER (WHERE kind = 'eligible') OVER same_lead AS eligible_at,
            max(coalesce(cursor_at, 'infinity')) FILTER (WHERE kind = 'refused') OVER same_lead AS refused_at,
            max(coalesce(cursor_at, 'infinity')) FILTER (WHERE kind = 'listed') OVER same_lead AS listed_at
        FROM sharing
        WINDOW same_lead AS (PARTITION BY campaign, source, lead_id)
    ) AS dated
), candidates AS (
    -- A lead that was taken back, or refused, keeps its number from nobody: it will not be sent.
    SELECT judged.*, delivery.lead_id IS NOT NULL AND NOT delivery.is_over AS is_delivered,
           coalesce(delivery.is_over, FALSE) AS is_over
    FROM judged
    LEFT JOIN LATERAL (
        SELECT lead_id, coalesce(verdict IN ('withdrawn', 'rejected'), FALSE) AS is_over
        FROM ledger.deliveries AS known
        WHERE known.lead_id = judged.lead_id AND known.campaign = judged.campaign AND known.source = judged.source
        LIMIT 1
    ) AS delivery ON TRUE
    WHERE judged.kind = 'eligible' AND judged.outcome = 'eligible' AND (stopped_at IS NULL OR cursor_at > stopped_at)
), by_lead AS (
    SELECT *, row_number() OVER (
        PARTITION BY campaign, source, lead_id ORDER BY cursor_at NULLS LAST, row_no) AS lead_rank
    FROM candidates
), by_number AS (
    SELECT *,
        row_number() OVER numbers AS number_rank,
        first_value(source || ' ' || lead_id) OVER numbers AS kept
    FROM by_lead
    WHERE lead_rank = 1
    WINDOW numbers AS (
        PARTITION BY campaign, phone
        ORDER BY is_over, is_delivered DESC, cursor_at NULLS LAST, source DESC, lead_id, row_no)
), losers AS (
    SELECT day, source, row_no, campaign, lead_id, 'duplicate' AS verdict, 'duplicate_lead' AS reason_code,
           'the same ' || source || ' was read before on this day' AS reason
    FROM by_lead WHERE lead_rank > 1
    UNION ALL
    SELECT day, source, row_no, campaign, lead_id, 'duplicate', 'duplicate_number', 'has the number of ' || kept
    FROM by_number WHERE number_rank > 1
    UNION ALL
    SELECT day, source, row_no, campaign, lead_id, 'duplicate', 'duplicate_lead',
           'the same ' || source || ' was read again on this day'
    FROM judged
    WHERE stopped_at IS NOT NULL AND NOT (kind = outcome AND CASE
        WHEN kind = 'eligible' THEN coalesce(cursor_at > stopped_at, FALSE)
        ELSE last_rank = 1
    END)
), marked AS (
    -- Not an update with a join: where the statistics say that the day is empty, that compares each row with each.
    INSERT INTO ledger.contacts AS contact (day, source, row_no, campaign, lead_id, verdict, reason_code, reason)
    SELECT day, source, row_no, campaign, lead_id, verdict, reason_code, reason FROM losers
    ON CONFLICT (day, source, row_no)
    DO UPDATE SET verdict = excluded.verdict, reason_code = excluded.reason_code, reason = excluded.reason
    RETURNING 1
)
SELECT count(*) AS duplicate_count FROM marked;

-- name: upsert_decision :none
-- The decisions of the day are tied to the pull that they were taken from.
INSERT INTO ledger.decisions (day, source, pull_id, decided_at)
VALUES (:day, :source, :pull_id, :now)
ON CONFLICT (day, source) DO UPDATE SET pull_id = excluded.pull_id, decided_at = excluded.decided_at;

-- name: renew_decision :none
-- The decisions count as taken now, if they are still those of the pull, and nobody took them later.
UPDATE ledger.decisions SET decided_at = greatest(decided_at, :now) WHERE day = :day AND source = :source AND pull_id = :pull_id;

-- name: decisions :many
-- What was decided on the day, with the newest pull beside it. Where that is purged, the decisions stand.
SELECT source, coalesce(pull.pull_id, decision.pull_id) AS pull_id, decision.pull_id AS decided_pull_id,
       decision.decided_at
FROM (SELECT source, pull_id FROM crm.pulls WHERE day = :day) AS pull
FULL JOIN (SELECT source, pull_id, decided_at FROM ledger.decisions WHERE day = :day) AS decision USING (source);

-- name: verdict_counts :many
-- How many rows of the day have each verdict, by campaign.
SELECT campaign, verdict, coalesce(reason_code, '') AS reason_code, count(*) AS row_count
FROM ledger.contacts
WHERE day = :day
GROUP BY campaign, verdict, coalesce(reason_code, '')
ORDER BY campaign, verdict, reason_code;

-- name: count_eligible :one
-- How many contacts of the campaigns planning had to come to a conclusion about.
SELECT count(*) AS contact_count
FROM ledger.contacts
WHERE day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]))
  AND (verdict = 'eligible' OR is_refused_by_plan) AND NOT is_purged;

-- name: read_counts :many
-- What the reader counted of the day, by campaign.
SELECT campaign, CAST(sum(read_count) AS bigint) AS read_count FROM crm.read_counts WHERE day = :day GROUP BY campaign;

-- name: refuse :none
-- The rows have the verdict that planning came to.
UPDATE ledger.contacts AS contact
SET verdict = refusal.verdict, reason_code = refusal.reason_code, reason = refusal.reason, is_refused_by_plan = TRUE
FROM unnest(CAST(:row_nos AS bigint[]), CAST(:verdicts AS text[]), CAST(:reason_codes AS text[]), CAST(:reasons AS text[]))
    AS refusal (row_no, verdict, reason_code, reason)
WHERE contact.day = :day AND contact.source = :source AND contact.row_no = refusal.row_no;

-- name: reconsider :none
-- What an earlier plan refused is eligible again: the plan that begins decides about it anew.
UPDATE ledger.contacts
SET verdict = 'eligible', reason_code = NULL, reason = NULL, is_refused_by_plan = FALSE
WHERE day = :day AND campaign = ANY (CAST(:campaigns AS text[])) AND is_refused_by_plan AND NOT is_purged;

-- name: appoint_stand_ins :one
-- Of the days' leads that are left out for their number, the first goes in the place of the one that has it, where that one
-- will not be called: the vendor does not know a word of its row, or refused it. One that the vendor refuses has no other
-- in its place. Nobody else may have the number, and the campaign must be active. The days are to be planned once more.
-- Which numbers are freed is asked first: nearly always none is, and the days are not read.
WITH freed AS MATERIALIZED (
    SELECT day, campaign, phones[1] AS phone
    FROM ledger.contacts
    WHERE day = ANY (CAST(:days AS date[])) AND campaign = ANY (CAST(:campaigns AS text[]))
      AND is_refused_by_plan AND reason_code = ANY (CAST(:unknown AS text[]))
    UNION
    SELECT refused.day, refused.campaign, refused.phone
    FROM ledger.imports AS import
    JOIN ledger.deliveries AS refused ON refused.import_id = import.import_id AND refused.verdict = 'rejected'
    WHERE import.vendor = :vendor AND import.day = ANY (CAST(:days AS date[]))
      AND import.campaign = ANY (CAST(:campaigns AS text[])) AND import.rejected_count > 0
    EXCEPT
    SELECT day, campaign, phones[1]
    FROM ledger.contacts
    WHERE day = ANY (CAST(:days AS date[])) AND is_stand_in
      AND NOT (is_refused_by_plan AND reason_code = ANY (CAST(:unknown AS text[])))
), next AS MATERIALIZED (
    SELECT DISTINCT ON (day, campaign, phones[1]) day, source, row_no, campaign, phones[1] AS phone
    FROM ledger.contacts
    WHERE EXISTS (SELECT FROM freed) AND day = ANY (CAST(:days AS date[])) AND reason_code = 'duplicate_number'
      AND (day, campaign, phones[1]) IN (SELECT day, campaign, phone FROM freed)
      AND campaign = ANY (ARRAY(SELECT campaign FROM crm.campaigns WHERE vendor = :vendor AND is_active))
    ORDER BY day, campaign, phones[1], cursor_at NULLS LAST, source DESC, lead_id, row_no
), appointed AS (
    UPDATE ledger.contacts AS contact
    SET verdict = 'eligible', reason_code = NULL, reason = NULL, is_stand_in = TRUE
    FROM next
    WHERE contact.day = next.day AND contact.source = next.source AND contact.row_no = next.row_no
      AND contact.reason_code = 'duplicate_number'
      AND (SELECT TRUE FROM ledger.deliveries AS holder
           WHERE holder.phone = next.phone AND holder.campaign = next.campaign
             AND (holder.verdict IS NULL OR holder.verdict NOT IN ('rejected', 'withdrawn')) LIMIT 1) IS NULL
      AND (SELECT TRUE FROM ledger.deliveries AS holder
           WHERE holder.held_phone = next.phone AND holder.campaign = next.campaign LIMIT 1) IS NULL
    RETURNING contact.day, contact.campaign, contact.phones[1] AS phone
), dismissed AS (
    UPDATE ledger.contacts AS contact SET is_stand_in = FALSE
    FROM appointed
    WHERE contact.day = appointed.day AND contact.is_stand_in
      AND contact.campaign = appointed.campaign AND contact.phones[1] = appointed.phone
), noted AS (
    INSERT INTO ledger.to_plan (day, campaign, since)
    SELECT DISTINCT day, campaign, CAST(:now AS timestamptz) FROM appointed ORDER BY day, campaign
    ON CONFLICT (day, campaign) DO UPDATE SET since = ledger.asked_again(to_plan.since, excluded.since)
)
SELECT count(*) AS lead_count FROM appointed;

-- name: stand_ins :many
-- The day's leads that go in the place of another with their number.
SELECT campaign, phones[1] AS phone, source, lead_id
FROM ledger.contacts
WHERE day = :day AND is_stand_in AND campaign = ANY (CAST(:campaigns AS text[])) AND NOT is_purged;

-- name: outrun :many
-- The eligible rows of the day of whose lead a later day has one, too, or one that planning refused. By group: a join would
-- compare each with each where the statistics say that a day is empty. Where no later day was decided, nothing is read.
SELECT max(row_no) FILTER (WHERE day = :day) AS row_no
FROM ledger.contacts
WHERE EXISTS (SELECT FROM ledger.decisions WHERE decisions.day > :day)
  AND day >= :day AND source = :source AND campaign = ANY (CAST(:campaigns AS text[]))
  AND (verdict = 'eligible' OR is_refused_by_plan AND day > :day) AND NOT is_purged
GROUP BY campaign, lead_id
HAVING min(day) = :day AND max(day) > :day;

-- name: plannable :many
-- The next eligible rows of the day for the vendor's campaigns, in the reader's order.
-- What their source said, and what was delivered of them, are statements of their own (`crm.said`,
-- `deliveries.known`): a join of tables that have no statistics yet, or have new ones, is a guess, and a wrong one
-- reads and sorts the whole day for every page.
SELECT row_no, campaign, lead_id, array_to_string(phones, ',') AS phones, time_zone, country
FROM ledger.contacts
WHERE day = :day AND source = :source AND row_no > :after
  AND campaign = ANY (CAST(:campaigns AS text[])) AND verdict = 'eligible' AND NOT is_purged
ORDER BY row_no
LIMIT :limit;

-- name: purge_numbers :one
-- Contacts of days before the given one keep their verdict and lose their numbers.
WITH purged AS (
    UPDATE ledger.contacts SET phones = '{}', is_purged = TRUE
    WHERE day < :before AND NOT is_purged AND cardinality(phones) > 0
    RETURNING 1
)
SELECT count(*) AS row_count FROM purged;
