-- ledger.deliveries: one row per contact on a campaign.

-- name: known :many
-- What was delivered before of the eligible rows of a page: the digest in hex, whether it was of a later day, whether under
-- another first number, whether the row has a number that the delivery has not, and whether the delivery says that its lead
-- changed, or has lost its numbers.
-- The limits keep each look-up on its index: a join of unknown size would read the whole table.
SELECT page.row_no, encode(delivery.content_digest, 'hex') AS content_digest,
       coalesce(delivery.verdict, import.entry_verdict) AS verdict, delivery.vendor,
       delivery.day > page.day AS is_newer, delivery.phone IS DISTINCT FROM page.phones[1] AS is_other_number,
       NOT page.phones <@ (delivery.phone || delivery.phones || delivery.kept_phones || delivery.row_phones) AS has_new_number,
       delivery.phone IS NULL OR delivery.reason_code IS NOT DISTINCT FROM 'changed_since_accepted' AS is_outdated
FROM ledger.contacts AS page
CROSS JOIN LATERAL (
    SELECT content_digest, verdict, vendor, import_id, day, phone, phones, kept_phones, row_phones, reason_code
    FROM ledger.deliveries
    WHERE deliveries.lead_id = page.lead_id AND deliveries.campaign = page.campaign
      AND deliveries.source = page.source
    LIMIT 1
) AS delivery
LEFT JOIN LATERAL (
    SELECT entry_verdict FROM ledger.imports WHERE imports.import_id = delivery.import_id LIMIT 1
) AS import ON TRUE
WHERE page.day = :day AND page.source = :source AND page.row_no > :after AND page.row_no <= :until
  AND page.campaign = ANY (CAST(:campaigns AS text[])) AND page.verdict = 'eligible';

-- name: holders :many
-- Who holds the numbers, parted by commas, in the campaigns: deliveries that the vendor has, may have, or will be sent; and
-- those that have the number until their update is settled.
-- The limits keep each look-up on its index: a join of unknown size would read the whole table.
SELECT wanted.campaign, number.phone, holder.source, holder.lead_id
FROM unnest(CAST(:campaigns AS text[])) AS wanted (campaign)
CROSS JOIN string_to_table(:phones, ',') AS number (phone)
CROSS JOIN LATERAL (
    (SELECT delivery.source, delivery.lead_id
     FROM ledger.deliveries AS delivery
     WHERE delivery.phone = number.phone AND delivery.campaign = wanted.campaign
       AND (delivery.verdict IS NULL OR delivery.verdict NOT IN ('rejected', 'withdrawn'))
     LIMIT 1)
    UNION ALL
    (SELECT delivery.source, delivery.lead_id
     FROM ledger.deliveries AS delivery
     WHERE delivery.held_phone = number.phone AND delivery.campaign = wanted.campaign
     LIMIT 1)
    LIMIT 1
) AS holder;

-- name: replan :none
-- Deliveries that were refused, and changed since, are carried by another batch; so are those that the vendor has,
-- as an update: where they were is kept until it is settled, and which numbers the vendor has.
UPDATE ledger.deliveries AS delivery
SET vendor = :vendor, import_id = again.import_id, position = again.position, day = :day, phone = again.phone,
    phones = CASE WHEN cardinality(again.all_phones) > 1 THEN again.all_phones END,
    content_digest = again.content_digest, verdict = NULL, settled_at = NULL, reason_code = NULL, reason = NULL,
    vendor_id = CASE WHEN :is_update THEN coalesce(import.vendor_ids[delivery.position + 1], delivery.vendor_id) END,
    held_import_id = CASE WHEN :is_update THEN delivery.import_id END,
    held_position  = CASE WHEN :is_update THEN delivery.position END,
    held_digest    = CASE WHEN :is_update THEN delivery.content_digest END,
    held_phone     = CASE WHEN :is_update THEN delivery.phone END,
    held_phones    = CASE WHEN :is_update THEN coalesce(delivery.kept_phones, delivery.phones, ARRAY[delivery.phone]) END,
    -- What comes after the numbers of the update stays as it is.
    kept_phones    = CASE WHEN :is_update AND :keeps_phones THEN nullif(
        again.all_phones || (coalesce(delivery.kept_phones, delivery.phones, ARRAY[delivery.phone]))
            [cardinality(again.all_phones) + 1:], again.all_phones) END,
    row_phones = NULL
FROM (
    SELECT *, string_to_array(phones, ',') AS all_phones
    FROM unnest(CAST(:campaigns AS text[]), CAST(:sources AS text[]), CAST(:lead_ids AS text[]),
                CAST(:import_ids AS bigint[]), CAST(:positions AS smallint[]), CAST(:first_phones AS text[]),
                CAST(:phones AS text[]), CAST(:content_digests AS bytea[]))
        AS row (campaign, source, lead_id, import_id, position, phone, phones, content_digest)
) AS again, ledger.imports AS import
WHERE delivery.campaign = again.campaign AND delivery.source = again.source AND delivery.lead_id = again.lead_id
  AND import.import_id = delivery.import_id
  AND coalesce(delivery.verdict, import.entry_verdict) = ANY (CASE WHEN :is_update THEN ARRAY['accepted', 'duplicate'] ELSE ARRAY['rejected'] END);

-- name: note_change :none
-- Accepted deliveries whose content changed since say so; the vendor keeps what it has. The numbers that the lead has now are
-- held against the list beside those.
UPDATE ledger.deliveries AS delivery
SET reason_code = 'changed_since_accepted', reason = 'the lead changed after the vendor accepted it; it was not sent again',
    row_phones = string_to_array(changed.phones, ',')
FROM unnest(CAST(:campaigns AS text[]), CAST(:sources AS text[]), CAST(:lead_ids AS text[]), CAST(:phones AS text[]))
    AS changed (campaign, source, lead_id, phones), ledger.imports AS import
WHERE delivery.campaign = changed.campaign AND delivery.source = changed.source
  AND delivery.lead_id = changed.lead_id AND import.import_id = delivery.import_id
  AND coalesce(delivery.verdict, import.entry_verdict) = 'accepted';

-- name: note_return :none
-- Deliveries whose lead is again, or still, what the vendor has: they say of no change, and have the numbers, which may
-- have been purged. A row of an older day than the lead's last one says nothing of that.
UPDATE ledger.deliveries AS delivery
SET reason_code = nullif(delivery.reason_code, 'changed_since_accepted'),
    reason = CASE WHEN delivery.reason_code <> 'changed_since_accepted' THEN delivery.reason END,
    phone = split_part(same.phones, ',', 1),
    phones = CASE WHEN same.phones LIKE '%,%' THEN string_to_array(same.phones, ',') END,
    kept_phones = CASE WHEN :can_update THEN delivery.kept_phones END, row_phones = NULL
FROM unnest(CAST(:campaigns AS text[]), CAST(:sources AS text[]), CAST(:lead_ids AS text[]), CAST(:phones AS text[]))
    AS same (campaign, source, lead_id, phones)
WHERE delivery.campaign = same.campaign AND delivery.source = same.source AND delivery.lead_id = same.lead_id
  AND (same.campaign, same.source, same.lead_id) NOT IN (
      SELECT campaign, source, lead_id FROM ledger.contacts WHERE day > :day AND lead_id = ANY (CAST(:lead_ids AS text[])));

-- name: note_numbers :none
-- Of these deliveries nothing is sent, though the newest rows of their leads have other numbers: these are held against the
-- list beside those that the vendor has.
UPDATE ledger.deliveries AS delivery
SET row_phones = string_to_array(other.phones, ',')
FROM unnest(CAST(:campaigns AS text[]), CAST(:sources AS text[]), CAST(:lead_ids AS text[]), CAST(:phones AS text[]))
    AS other (campaign, source, lead_id, phones)
WHERE delivery.campaign = other.campaign AND delivery.source = other.source AND delivery.lead_id = other.lead_id;

-- name: settle :one
-- The entries have their verdict. An entry that has one already keeps it.
WITH settled AS (
    UPDATE ledger.deliveries AS delivery
    SET verdict = told.verdict, reason_code = told.reason_code, reason = told.reason, settled_at = :now,
        vendor_id = coalesce(told.vendor_id, delivery.vendor_id),
        phone = CASE WHEN told.reason_code = 'update_refused' THEN coalesce(delivery.held_phone, delivery.phone) ELSE delivery.phone END,
        phones = CASE WHEN told.reason_code = 'update_refused' THEN coalesce(delivery.held_phones, delivery.phones) ELSE delivery.phones END,
        kept_phones = CASE WHEN told.reason_code = 'update_refused' THEN delivery.held_phones ELSE delivery.kept_phones END,
        row_phones = CASE WHEN told.reason_code = 'update_refused' THEN coalesce(delivery.phones, ARRAY[delivery.phone]) ELSE delivery.row_phones END,
        held_import_id = NULL, held_position = NULL, held_digest = NULL, held_phone = NULL, held_phones = NULL
    FROM json_to_recordset(CAST(:verdicts AS json))
        AS told (import_id bigint, position smallint, verdict text, reason_code text, reason text, vendor_id text)
    WHERE delivery.import_id = told.import_id AND delivery.position = told.position AND delivery.verdict IS NULL
    RETURNING 1
)
SELECT count(*) AS row_count FROM settled;

-- name: move :one
-- The entries are carried by another batch.
WITH moved AS (
    UPDATE ledger.deliveries AS delivery
    SET import_id = onward.to_import_id, position = onward.to_position
    FROM unnest(CAST(:import_ids AS bigint[]), CAST(:positions AS smallint[]),
                CAST(:to_import_ids AS bigint[]), CAST(:to_positions AS smallint[]))
        AS onward (import_id, position, to_import_id, to_position)
    WHERE delivery.import_id = onward.import_id AND delivery.position = onward.position AND delivery.verdict IS NULL
    RETURNING 1
)
SELECT count(*) AS row_count FROM moved;

-- name: drop :one
-- The entries are delivered by nobody, and the next plan decides about them anew: the vendor has nothing of them, or,
-- for an update, what it had before. Until then it is noted that their days are to be planned.
WITH unwanted AS (
    SELECT * FROM unnest(CAST(:import_ids AS bigint[]), CAST(:positions AS smallint[])) AS entry (import_id, position)
), held AS (
    UPDATE ledger.deliveries AS delivery
    SET import_id = delivery.held_import_id, position = delivery.held_position,
        content_digest = delivery.held_digest, phone = coalesce(delivery.held_phone, delivery.phone),
        phones = coalesce(delivery.held_phones, delivery.phones), kept_phones = delivery.held_phones,
        held_import_id = NULL, held_position = NULL, held_digest = NULL, held_phone = NULL, held_phones = NULL,
        verdict = 'accepted', settled_at = :now, reason_code = 'changed_since_accepted',
        reason = 'the lead changed after the vendor accepted it; the update is not sent yet'
    FROM unwanted
    WHERE delivery.import_id = unwanted.import_id AND delivery.position = unwanted.position
      AND delivery.verdict IS NULL AND delivery.held_digest IS NOT NULL
    RETURNING delivery.day, delivery.campaign
), dropped AS (
    DELETE FROM ledger.deliveries AS delivery
    USING unwanted
    WHERE delivery.import_id = unwanted.import_id AND delivery.position = unwanted.position
      AND delivery.verdict IS NULL AND delivery.held_digest IS NULL
    RETURNING delivery.day, delivery.campaign, delivery.lead_id
), noted AS (
    INSERT INTO ledger.to_plan (day, campaign, since)
    SELECT day, campaign, CAST(:now AS timestamptz) FROM (TABLE held UNION SELECT day, campaign FROM dropped) AS given (day, campaign)
    ORDER BY day, campaign
    ON CONFLICT (day, campaign)
    DO UPDATE SET since = ledger.asked_again(to_plan.since, excluded.since)
)
SELECT (SELECT count(*) FROM dropped) + (SELECT count(*) FROM held) AS row_count,
       ARRAY(SELECT DISTINCT campaign FROM dropped) AS campaigns, ARRAY(SELECT lead_id FROM dropped) AS lead_ids;

-- name: purge_numbers :one
-- Deliveries of days before the given one lose the number that they were planned with.
WITH purged AS (
    UPDATE ledger.deliveries AS delivery SET phone = NULL, phones = NULL, held_phone = NULL, held_phones = NULL,
        kept_phones = NULL, row_phones = NULL
    FROM ledger.imports AS import
    WHERE delivery.day < :before AND delivery.phone IS NOT NULL AND import.import_id = delivery.import_id
      AND (delivery.settled_at IS NOT NULL OR import.entry_verdict IS NOT NULL)
    RETURNING 1
)
SELECT count(*) AS row_count FROM purged;
