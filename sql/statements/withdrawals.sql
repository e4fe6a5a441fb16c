-- ledger.withdrawals: leads that must not be called any more although a vendor has them, or may have them.

-- name: has_delivered :one
-- Whether the vendor was ever sent anything.
SELECT EXISTS (SELECT FROM ledger.imports WHERE vendor = :vendor AND sent_at IS NOT NULL) AS has_delivered;

-- name: noted_vendors :many
-- The vendors that have somebody to be taken back.
SELECT DISTINCT vendor FROM ledger.withdrawals;

-- name: drop_unlisted :none
-- Numbers that are not listed today are no ground any more.
UPDATE ledger.withdrawals AS due
SET numbers = (
    SELECT array_agg(number.phone) FROM unnest(due.numbers) AS number (phone)
    WHERE EXISTS (
        SELECT FROM crm.do_not_call AS entry
        WHERE entry.phone = number.phone AND (entry.until_on IS NULL OR entry.until_on >= :today))
       OR EXISTS (
        SELECT FROM crm.written_at_home(number.phone) AS written (digits)
        JOIN crm.do_not_call_national AS entry ON entry.digits = written.digits
        WHERE entry.until_on IS NULL OR entry.until_on >= :today))
WHERE due.vendor = :vendor AND due.numbers IS NOT NULL
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR due.campaign = ANY (CAST(:campaigns AS text[])));

-- name: drop_granted :none
-- A refusal is no ground any more where a row grants consent again: on its day too, unless a refusal was kept of it.
WITH refused AS MATERIALIZED (
    SELECT campaign, source, lead_id, refused_on FROM ledger.withdrawals
    WHERE vendor = :vendor AND refused_on IS NOT NULL
      AND (cardinality(CAST(:campaigns AS text[])) = 0 OR campaign = ANY (CAST(:campaigns AS text[])))
), said AS MATERIALIZED (
    SELECT contact.campaign, contact.source, contact.lead_id, contact.day,
           bool_or(contact.consent = 'granted' AND contact.reason_code IS DISTINCT FROM 'duplicate_lead') AS is_granted,
           bool_or(contact.verdict = 'suppressed' AND contact.consent <> 'granted') AS is_refused
    FROM ledger.contacts AS contact
    WHERE contact.day >= (SELECT min(refused_on) FROM refused) AND contact.consent IS NOT NULL
      AND (contact.campaign, contact.source, contact.lead_id) IN (SELECT campaign, source, lead_id FROM refused)
    GROUP BY contact.campaign, contact.source, contact.lead_id, contact.day
), granted AS MATERIALIZED (
    SELECT campaign, source, lead_id, max(day) AS day FROM said
    WHERE is_granted AND NOT is_refused
    GROUP BY campaign, source, lead_id
)
UPDATE ledger.withdrawals AS due
SET refusal_code = NULL, refused_on = NULL
FROM granted
WHERE due.campaign = granted.campaign AND due.source = granted.source AND due.lead_id = granted.lead_id
  AND granted.day >= due.refused_on;

-- name: forget_groundless :none
-- Nobody is to be taken back without a ground, or whom the vendor has not.
DELETE FROM ledger.withdrawals AS due
WHERE due.vendor = :vendor
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR due.campaign = ANY (CAST(:campaigns AS text[])))
  AND (due.refused_on IS NULL AND due.numbers IS NULL
       OR NOT EXISTS (
           SELECT FROM ledger.delivery_states AS state
           WHERE state.campaign = due.campaign AND state.source = due.source AND state.lead_id = due.lead_id
             AND state.vendor = due.vendor AND state.may_be_there));

-- name: forget_rows :none
-- What the newest rows say is looked at anew.
UPDATE ledger.withdrawals SET is_of_row = FALSE WHERE vendor = :vendor AND is_of_row;

-- name: barred_at_home :many
-- Numbers that the vendor may have, or that suppressed rows have since the given day, and that an entry without a country
-- bars today. Where the list has no such entry, nothing is read.
SELECT DISTINCT number.phone
FROM (
    SELECT unnest(ARRAY[phone, held_phone] || phones || held_phones || kept_phones || row_phones) AS phone
    FROM ledger.deliveries WHERE vendor = :vendor
    UNION ALL
    SELECT unnest(phones)
    FROM ledger.contacts WHERE day >= :since AND verdict = 'suppressed' AND reason_code = 'do_not_call'
) AS number
CROSS JOIN LATERAL crm.written_at_home(number.phone) AS written (digits)
JOIN crm.do_not_call_national AS entry ON entry.digits = written.digits
WHERE EXISTS (SELECT FROM crm.do_not_call_national) AND (entry.until_on IS NULL OR entry.until_on >= :today);

-- name: note_due :none
-- Whom the vendor has, or may have, although he must not be called: a number that it was sent is on the list today, the
-- newest row has one that is, also where nothing was sent for it, or the newest row that speaks of consent refuses it. By number over all that was ever
-- delivered, by row since the given day. What the list bars without a country is given (`barred_at_home`).
WITH barred AS MATERIALIZED (
    SELECT phone FROM crm.do_not_call WHERE until_on IS NULL OR until_on >= :today
    UNION ALL
    SELECT unnest(CAST(:barred AS text[]))
), suppressed AS MATERIALIZED (
    SELECT contact.campaign, contact.source, contact.lead_id, contact.day, contact.reason_code, contact.phones
    FROM ledger.contacts AS contact
    WHERE contact.day >= :since AND contact.verdict = 'suppressed'
      AND contact.reason_code = ANY (CAST(:reason_codes AS text[]))
      -- A row that is held by what another said says nothing of consent itself, or grants it.
      AND (contact.consent <> 'granted' OR contact.reason_code IN ('consent_missing', 'do_not_call'))
), newer AS MATERIALIZED (
    SELECT contact.campaign, contact.source, contact.lead_id,
           max(contact.day) FILTER (WHERE contact.consent = 'granted') AS granted_on,
           max(contact.day) FILTER (WHERE contact.verdict = 'eligible' OR contact.is_refused_by_plan) AS eligible_on
    FROM ledger.contacts AS contact
    WHERE contact.day > (SELECT min(day) FROM suppressed)
      AND (contact.campaign, contact.source, contact.lead_id) IN (SELECT campaign, source, lead_id FROM suppressed)
    GROUP BY contact.campaign, contact.source, contact.lead_id
), found AS (
    SELECT delivery.campaign, delivery.source, delivery.lead_id,
           CAST(NULL AS text) AS refusal_code, CAST(NULL AS date) AS refused_on, barred.phone, FALSE AS is_of_row
    FROM barred
    JOIN ledger.deliveries AS delivery ON delivery.phone = barred.phone
    UNION ALL
    SELECT delivery.campaign, delivery.source, delivery.lead_id, NULL, NULL, barred.phone, FALSE
    FROM barred
    JOIN ledger.deliveries AS delivery ON delivery.held_phone = barred.phone
    UNION ALL
    SELECT delivery.campaign, delivery.source, delivery.lead_id, NULL, NULL, number.phone, FALSE
    FROM ledger.deliveries AS delivery
    CROSS JOIN LATERAL unnest(delivery.phones || delivery.held_phones || delivery.kept_phones || delivery.row_phones)
        AS number (phone)
    WHERE coalesce(delivery.phones, delivery.held_phones, delivery.kept_phones, delivery.row_phones) IS NOT NULL
      AND number.phone IN (SELECT phone FROM barred)
    UNION ALL
    SELECT suppressed.campaign, suppressed.source, suppressed.lead_id, NULL, NULL, number.phone, TRUE
    FROM suppressed
    LEFT JOIN newer ON newer.campaign = suppressed.campaign AND newer.source = suppressed.source
        AND newer.lead_id = suppressed.lead_id
    CROSS JOIN LATERAL unnest(suppressed.phones) AS number (phone)
    WHERE suppressed.reason_code = 'do_not_call' AND number.phone IN (SELECT phone FROM barred)
      AND (newer.eligible_on IS NULL OR newer.eligible_on <= suppressed.day)
    UNION ALL
    SELECT suppressed.campaign, suppressed.source, suppressed.lead_id, suppressed.reason_code, suppressed.day, NULL, FALSE
    FROM suppressed
    LEFT JOIN newer ON newer.campaign = suppressed.campaign AND newer.source = suppressed.source
        AND newer.lead_id = suppressed.lead_id
    WHERE suppressed.reason_code <> 'do_not_call' AND (newer.granted_on IS NULL OR newer.granted_on <= suppressed.day)
), due AS MATERIALIZED (
    SELECT campaign, source, lead_id, min(refusal_code) AS refusal_code, max(refused_on) AS refused_on,
           array_agg(DISTINCT phone) FILTER (WHERE phone IS NOT NULL) AS numbers, bool_or(is_of_row) AS is_of_row
    FROM found
    GROUP BY campaign, source, lead_id
)
INSERT INTO ledger.withdrawals AS noted
    (campaign, source, lead_id, vendor, refusal_code, refused_on, numbers, is_of_row, due_since)
SELECT due.campaign, due.source, due.lead_id, :vendor, due.refusal_code, due.refused_on, due.numbers, due.is_of_row, :now
FROM due
CROSS JOIN LATERAL (
    SELECT vendor, may_be_there
    FROM ledger.delivery_states AS known
    WHERE known.lead_id = due.lead_id AND known.campaign = due.campaign AND known.source = due.source
    LIMIT 1
) AS state
WHERE state.vendor = :vendor AND state.may_be_there
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR due.campaign = ANY (CAST(:campaigns AS text[])))
ON CONFLICT (lead_id, campaign, source) DO UPDATE SET
    vendor = excluded.vendor,
    refusal_code = coalesce(excluded.refusal_code, noted.refusal_code),
    refused_on = coalesce(excluded.refused_on, noted.refused_on),
    numbers = nullif(ARRAY(SELECT DISTINCT unnest(noted.numbers || excluded.numbers)), '{}'),
    is_of_row = excluded.is_of_row;

-- name: count_due :one
-- How many of the vendor's leads are to be taken back.
SELECT count(*) AS lead_count
FROM ledger.withdrawals
WHERE vendor = :vendor AND (cardinality(CAST(:campaigns AS text[])) = 0 OR campaign = ANY (CAST(:campaigns AS text[])));

-- name: due :many
-- The next of the vendor's leads that are to be taken back after the given one, by lead, campaign and source.
SELECT due.campaign, due.source, due.lead_id, coalesce(due.refusal_code, 'do_not_call') AS reason_code
FROM ledger.withdrawals AS due
WHERE due.vendor = :vendor
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR due.campaign = ANY (CAST(:campaigns AS text[])))
  AND (due.lead_id, due.campaign, due.source) > (CAST(:after_lead AS text), CAST(:after_campaign AS text), CAST(:after_source AS text))
ORDER BY due.lead_id, due.campaign, due.source
LIMIT :limit;

-- name: held :many
-- As `due`, with what the vendor has of each lead.
SELECT due.campaign, due.source, due.lead_id, coalesce(due.refusal_code, 'do_not_call') AS reason_code, due.numbers,
       due.refused_on IS NOT NULL OR due.is_of_row AS is_whole_lead, state.state, state.verdict IS NOT NULL AS is_settled,
       state.reason_code AS delivery_code, state.position, state.vendor_id, state.phone, state.kept_phones || state.row_phones AS other_phones,
       import.target, import.payload
FROM ledger.withdrawals AS due
JOIN ledger.delivery_states AS state
    ON state.campaign = due.campaign AND state.source = due.source AND state.lead_id = due.lead_id
JOIN ledger.imports AS import ON import.import_id = state.import_id
WHERE due.vendor = :vendor
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR due.campaign = ANY (CAST(:campaigns AS text[])))
  AND (due.lead_id, due.campaign, due.source) > (CAST(:after_lead AS text), CAST(:after_campaign AS text), CAST(:after_source AS text))
ORDER BY due.lead_id, due.campaign, due.source
LIMIT :limit;

-- name: withdraw :many
-- The deliveries that the vendor has are withdrawn, each for its reason; which ones were.
WITH told AS (
    SELECT * FROM json_to_recordset(CAST(:leads AS json))
        AS told (campaign text, source text, lead_id text, reason_code text, reason text)
), withdrawn AS (
    UPDATE ledger.deliveries AS delivery
    SET verdict = 'withdrawn', reason_code = told.reason_code, reason = told.reason, settled_at = :now,
        vendor_id = coalesce(import.vendor_ids[delivery.position + 1], delivery.vendor_id)
    FROM told, ledger.imports AS import
    WHERE delivery.campaign = told.campaign AND delivery.source = told.source AND delivery.lead_id = told.lead_id
      AND import.import_id = delivery.import_id
      AND coalesce(delivery.verdict, import.entry_verdict) IN ('accepted', 'duplicate', 'unattributed')
    RETURNING delivery.campaign, delivery.source, delivery.lead_id, delivery.import_id
), forgotten AS (
    DELETE FROM ledger.withdrawals AS due
    USING withdrawn
    WHERE due.campaign = withdrawn.campaign AND due.source = withdrawn.source AND due.lead_id = withdrawn.lead_id
), logged AS (
    INSERT INTO ledger.events (at, import_id, event, actor, detail)
    SELECT :now, import_id, 'leads_withdrawn', :actor, jsonb_build_object('entry_count', count(*))
    FROM withdrawn GROUP BY import_id
)
SELECT campaign, source, lead_id FROM withdrawn;

-- name: note_problems :none
-- The leads say why they were not taken back.
UPDATE ledger.withdrawals AS due
SET problem = told.problem
FROM json_to_recordset(CAST(:leads AS json)) AS told (campaign text, source text, lead_id text, problem text)
WHERE due.campaign = told.campaign AND due.source = told.source AND due.lead_id = told.lead_id;

-- name: note_refusal :none
-- All leads after the given one say why none was taken back.
UPDATE ledger.withdrawals SET problem = :problem
WHERE vendor = :vendor AND (cardinality(CAST(:campaigns AS text[])) = 0 OR campaign = ANY (CAST(:campaigns AS text[])))
  AND (lead_id, campaign, source) > (CAST(:after_lead AS text), CAST(:after_campaign AS text), CAST(:after_source AS text));

-- name: forget :none
-- The leads need not be taken back: what the vendor has of them is not what must not be called.
DELETE FROM ledger.withdrawals AS due
USING json_to_recordset(CAST(:leads AS json)) AS told (campaign text, source text, lead_id text)
WHERE due.campaign = told.campaign AND due.source = told.source AND due.lead_id = told.lead_id;

-- name: problems :many
-- How many leads each vendor still has although they must not be called, by campaign, since when, and one cause of perhaps several.
SELECT vendor, campaign, count(*) AS lead_count, min(due_since) AS since,
       coalesce(min(problem), 'nobody tried yet to take them back') AS problem
FROM ledger.withdrawals
GROUP BY vendor, campaign
ORDER BY vendor, campaign;

-- name: named :many
-- Those of the campaign's leads that are to be taken back; whether it is known that they are there.
SELECT due.vendor, due.campaign, due.source, due.lead_id, 'withdrawn_by_hand' AS reason_code,
       state.verdict IS NOT NULL AS is_settled
FROM ledger.withdrawals AS due
JOIN ledger.delivery_states AS state
    ON state.campaign = due.campaign AND state.source = due.source AND state.lead_id = due.lead_id
WHERE due.campaign = :campaign AND due.lead_id = ANY (CAST(:lead_ids AS text[]));
