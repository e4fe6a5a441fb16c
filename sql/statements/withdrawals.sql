-- ledger.withdrawals: leads that must not be called any more although a vendor has them, or may have them.

-- name: has_delivered :one
-- Whether the vendor was ever sent anything.
SELECT EXISTS (SELECT FROM ledger.imports WHERE vendor = :vendor AND sent_at IS NOT NULL) AS has_delivered;

-- name: noted_vendors :many
-- The vendors that have somebody to be taken back.
SELECT DISTINCT vendor FROM ledger.withdrawals;

-- name: forget_callable :none
-- Nobody is to be taken back who may be called again, by the list as it is or by a newer row, or whom the vendor has not.
DELETE FROM ledger.withdrawals AS due
WHERE due.vendor = :vendor
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR due.campaign = ANY (CAST(:campaigns AS text[])))
  AND (
      due.reason_code = 'do_not_call' AND NOT EXISTS (
          SELECT FROM crm.do_not_call AS entry
          WHERE entry.phone = ANY (due.numbers) AND (entry.until_on IS NULL OR entry.until_on >= :today))
      OR EXISTS (
          SELECT FROM ledger.contacts AS newer
          WHERE newer.day > due.refused_on AND newer.campaign = due.campaign AND newer.source = due.source
            AND newer.lead_id = due.lead_id AND newer.verdict IN ('eligible', 'duplicate'))
      OR NOT EXISTS (
          SELECT FROM ledger.delivery_states AS state
          WHERE state.campaign = due.campaign AND state.source = due.source AND state.lead_id = due.lead_id
            AND state.vendor = due.vendor AND state.may_be_there));

-- name: note_due :none
-- Whom the vendor has, or may have, although he must not be called: a number is on the list today, or the newest row that
-- says anything of him refuses it. By first number over all that was ever delivered; by row, and by its numbers, since the
-- given day.
WITH barred AS (
    SELECT phone FROM crm.do_not_call WHERE until_on IS NULL OR until_on >= :today
), found AS (
    SELECT delivery.campaign, delivery.source, delivery.lead_id,
           'do_not_call' AS reason_code, barred.phone, CAST(NULL AS date) AS refused_on
    FROM barred
    JOIN ledger.deliveries AS delivery ON delivery.phone = barred.phone
    WHERE delivery.vendor = :vendor
    UNION ALL
    SELECT delivery.campaign, delivery.source, delivery.lead_id, 'do_not_call', barred.phone, NULL
    FROM barred
    JOIN ledger.deliveries AS delivery ON delivery.held_phone = barred.phone
    WHERE delivery.vendor = :vendor
    UNION ALL
    SELECT contact.campaign, contact.source, contact.lead_id, 'do_not_call', number.phone, NULL
    FROM ledger.contacts AS contact
    CROSS JOIN LATERAL unnest(contact.phones) AS number (phone)
    WHERE contact.day >= :since AND number.phone IN (SELECT phone FROM barred)
    UNION ALL
    SELECT contact.campaign, contact.source, contact.lead_id, contact.reason_code, NULL, contact.day
    FROM ledger.contacts AS contact
    WHERE contact.day >= :since AND contact.verdict = 'suppressed'
      AND contact.reason_code = ANY (CAST(:reason_codes AS text[]))
      AND NOT EXISTS (
          SELECT FROM ledger.contacts AS newer
          WHERE newer.day > contact.day AND newer.campaign = contact.campaign AND newer.source = contact.source
            AND newer.lead_id = contact.lead_id AND newer.verdict IN ('eligible', 'duplicate'))
), due AS (
    SELECT campaign, source, lead_id,
           coalesce(min(reason_code) FILTER (WHERE refused_on IS NOT NULL), 'do_not_call') AS reason_code,
           array_agg(DISTINCT phone) FILTER (WHERE phone IS NOT NULL) AS numbers, max(refused_on) AS refused_on
    FROM found
    GROUP BY campaign, source, lead_id
)
INSERT INTO ledger.withdrawals AS noted (campaign, source, lead_id, vendor, reason_code, numbers, refused_on, due_since)
SELECT due.campaign, due.source, due.lead_id, :vendor, due.reason_code, due.numbers, due.refused_on, :now
FROM due
JOIN ledger.delivery_states AS state
    ON state.campaign = due.campaign AND state.source = due.source AND state.lead_id = due.lead_id
WHERE state.vendor = :vendor AND state.may_be_there
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR state.campaign = ANY (CAST(:campaigns AS text[])))
ON CONFLICT (lead_id, campaign, source) DO UPDATE SET
    vendor = excluded.vendor, reason_code = excluded.reason_code, numbers = excluded.numbers, refused_on = excluded.refused_on;

-- name: count_due :one
-- How many of the vendor's leads are to be taken back.
SELECT count(*) AS lead_count
FROM ledger.withdrawals
WHERE vendor = :vendor AND (cardinality(CAST(:campaigns AS text[])) = 0 OR campaign = ANY (CAST(:campaigns AS text[])));

-- name: due :many
-- The next of the vendor's leads that are to be taken back after the given one, by lead, campaign and source.
SELECT due.campaign, due.source, due.lead_id, due.reason_code, due.numbers, state.state, state.verdict IS NOT NULL AS is_settled,
       state.reason_code AS delivery_code, state.position, state.vendor_id, state.phone, import.target, import.payload
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
