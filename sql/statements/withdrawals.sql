-- Leads that must not be called any more although a vendor has them.

-- name: has_delivered :one
-- Whether the vendor was ever sent anything.
SELECT EXISTS (SELECT FROM ledger.imports WHERE vendor = :vendor AND sent_at IS NOT NULL) AS has_delivered;

-- name: due :many
-- The next of the vendor's deliveries after the given one, by campaign, source and lead, that must not be called: a
-- number is on the list today, or the newest row that says anything of the lead refuses it. By first number over all that
-- was ever delivered; by row, and by further number, since the given day.
-- An import may carry many leads: its payload is read for those of this page alone.
WITH barred AS (
    SELECT phone FROM crm.do_not_call WHERE until_on IS NULL OR until_on >= :today
), refused AS (
    SELECT delivery.campaign, delivery.source, delivery.lead_id, 'do_not_call' AS reason_code
    FROM barred
    JOIN ledger.deliveries AS delivery ON delivery.phone = barred.phone
    WHERE delivery.vendor = :vendor
    UNION ALL
    SELECT contact.campaign, contact.source, contact.lead_id, 'do_not_call'
    FROM ledger.contacts AS contact
    CROSS JOIN LATERAL unnest(contact.phones[2:]) AS further (phone)
    WHERE contact.day >= :since AND cardinality(contact.phones) > 1 AND further.phone IN (SELECT phone FROM barred)
    UNION ALL
    SELECT contact.campaign, contact.source, contact.lead_id, contact.reason_code
    FROM ledger.contacts AS contact
    WHERE contact.day >= :since AND contact.verdict = 'suppressed'
      AND contact.reason_code = ANY (CAST(:reason_codes AS text[]))
      AND NOT EXISTS (
          SELECT FROM ledger.contacts AS newer
          WHERE newer.day > contact.day AND newer.campaign = contact.campaign AND newer.source = contact.source
            AND newer.lead_id = contact.lead_id AND newer.verdict IN ('eligible', 'duplicate'))
), page AS MATERIALIZED (
    SELECT state.campaign, state.source, state.lead_id, state.import_id, state.position, state.vendor_id,
           min(refused.reason_code) AS reason_code
    FROM refused
    JOIN ledger.delivery_states AS state
        ON state.campaign = refused.campaign AND state.source = refused.source AND state.lead_id = refused.lead_id
    WHERE state.vendor = :vendor AND state.verdict IN ('accepted', 'duplicate', 'unattributed')
      AND (cardinality(CAST(:campaigns AS text[])) = 0 OR state.campaign = ANY (CAST(:campaigns AS text[])))
      AND (state.campaign, state.source, state.lead_id)
        > (CAST(:after_campaign AS text), CAST(:after_source AS text), CAST(:after_lead AS text))
    GROUP BY state.campaign, state.source, state.lead_id, state.import_id, state.position, state.vendor_id
    ORDER BY state.campaign, state.source, state.lead_id
    LIMIT :limit
)
SELECT page.campaign, page.source, page.lead_id, page.reason_code, page.position, page.vendor_id,
       import.target, import.payload, delivery.phone
FROM page
JOIN ledger.imports AS import ON import.import_id = page.import_id
JOIN ledger.deliveries AS delivery
    ON delivery.lead_id = page.lead_id AND delivery.campaign = page.campaign AND delivery.source = page.source
ORDER BY page.campaign, page.source, page.lead_id;

-- name: withdraw :none
-- The deliveries that the vendor has are withdrawn, each for its reason.
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
    RETURNING delivery.import_id
)
INSERT INTO ledger.events (at, import_id, event, actor, detail)
SELECT :now, import_id, 'leads_withdrawn', :actor, jsonb_build_object('entry_count', count(*))
FROM withdrawn GROUP BY import_id;

-- name: note_failures :none
-- The deliveries say why the vendor still has them.
UPDATE ledger.deliveries AS delivery
SET reason_code = 'not_withdrawn', reason = told.reason
FROM json_to_recordset(CAST(:leads AS json)) AS told (campaign text, source text, lead_id text, reason text)
WHERE delivery.campaign = told.campaign AND delivery.source = told.source AND delivery.lead_id = told.lead_id
  AND delivery.verdict IS DISTINCT FROM 'withdrawn';

-- name: clear_failures :none
-- No delivery of the vendor's campaigns says that it could not be withdrawn: the run that begins says it anew.
UPDATE ledger.deliveries
SET reason_code = CASE verdict WHEN 'duplicate' THEN 'already_at_vendor' END, reason = NULL
WHERE vendor = :vendor AND reason_code = 'not_withdrawn'
  AND (cardinality(CAST(:campaigns AS text[])) = 0 OR campaign = ANY (CAST(:campaigns AS text[])));

-- name: failures :many
-- How many leads each vendor still has although they must not be called, by campaign and why.
SELECT vendor, campaign, reason, count(*) AS lead_count
FROM ledger.deliveries
WHERE reason_code = 'not_withdrawn'
GROUP BY vendor, campaign, reason
ORDER BY vendor, campaign, reason;

-- name: failed_leads :many
-- Those of the campaign's leads of which the vendor could not take back what it has.
SELECT campaign, source, lead_id, vendor
FROM ledger.deliveries
WHERE reason_code = 'not_withdrawn' AND campaign = :campaign AND lead_id = ANY (CAST(:lead_ids AS text[]));
