-- Every row that was read, with the state that it is in. A delivery speaks for its row, except where the
-- row was refused and the vendor has nothing of it: it waits, or was refused there too. A refusal never hides a lead
-- that the vendor has, had, or may have; of several rows of one lead the first carries the delivery. Who was purged
-- before he was sent will not be sent. A delivery whose row is gone from its day has a line of its own, which is not among
-- those that were read.
CREATE VIEW ledger.outcomes AS
SELECT
    coalesce(delivery.vendor, campaign.vendor, '')  AS vendor,
    contact.campaign,
    contact.day,
    contact.source,
    contact.lead_id,
    contact.row_no,
    CASE
        WHEN delivery.lead_id IS NOT NULL THEN delivery.state
        WHEN contact.verdict = 'eligible' AND contact.is_purged THEN 'suppressed'
        WHEN contact.verdict = 'eligible' THEN 'planned'
        ELSE contact.verdict
    END AS state,
    CASE
        WHEN due.lead_id IS NOT NULL THEN 'not_withdrawn'
        WHEN delivery.state = 'withdrawn' THEN delivery.reason_code
        WHEN delivery.lead_id IS NOT NULL AND contact.verdict <> 'eligible'
            THEN contact.reason_code || '_after_delivery'
        WHEN delivery.state = 'planned' AND delivery.reason_code IS NULL THEN coalesce(stop.reason_code, 'not_sent_yet')
        WHEN delivery.lead_id IS NOT NULL THEN delivery.reason_code
        WHEN contact.verdict = 'eligible' AND contact.is_purged THEN 'purged_unsent'
        WHEN contact.verdict = 'eligible' THEN coalesce(stop.reason_code, 'not_planned_yet')
        ELSE contact.reason_code
    END AS reason_code,
    CASE
        WHEN due.lead_id IS NOT NULL THEN due.problem
        WHEN delivery.state = 'withdrawn' THEN delivery.reason
        WHEN contact.verdict = 'eligible' AND delivery.state = 'planned' AND delivery.reason_code IS NULL THEN stop.reason
        WHEN contact.verdict = 'eligible' AND delivery.lead_id IS NOT NULL THEN delivery.reason
        WHEN contact.verdict = 'eligible' AND contact.is_purged
            THEN 'its private data was purged before it was sent; only a new pull of the day can send it'
        WHEN contact.verdict = 'eligible' THEN stop.reason
        ELSE contact.reason
    END AS reason,
    delivery.vendor_id,
    delivery.import_id,
    delivery.day AS loaded_on,
    coalesce(delivery.attempts, 0) AS attempts,
    delivery.planned_at,
    delivery.sent_at,
    delivery.settled_at,
    reporting.mask_phone(contact.phones[1]) AS phone,
    TRUE AS is_read
FROM ledger.contacts AS contact
LEFT JOIN crm.campaigns AS campaign ON campaign.campaign = contact.campaign
LEFT JOIN ledger.campaign_stops AS stop
    ON stop.vendor = campaign.vendor AND stop.campaign = contact.campaign AND stop.day = contact.day
LEFT JOIN ledger.delivery_states AS delivery
    ON delivery.campaign = contact.campaign
    AND delivery.source = contact.source
    AND delivery.lead_id = contact.lead_id
    AND (
        contact.verdict = 'eligible'
        OR (contact.reason_code <> 'duplicate_lead' AND (delivery.may_be_there OR delivery.verdict = 'withdrawn'))
    )
LEFT JOIN ledger.withdrawals AS due
    ON due.campaign = delivery.campaign AND due.source = delivery.source AND due.lead_id = delivery.lead_id
    AND delivery.may_be_there
UNION ALL
SELECT
    delivery.vendor,
    delivery.campaign,
    decided.day,
    delivery.source,
    delivery.lead_id,
    NULL AS row_no,
    delivery.state,
    CASE
        WHEN due.lead_id IS NOT NULL THEN 'not_withdrawn'
        WHEN delivery.state = 'withdrawn' THEN delivery.reason_code
        ELSE 'row_gone'
    END AS reason_code,
    CASE
        WHEN due.lead_id IS NOT NULL THEN due.problem
        WHEN delivery.state = 'withdrawn' THEN delivery.reason
        ELSE concat_ws('; ', 'its row was not there any more when the day was read again', delivery.reason)
    END AS reason,
    delivery.vendor_id,
    delivery.import_id,
    delivery.day AS loaded_on,
    delivery.attempts,
    delivery.planned_at,
    delivery.sent_at,
    delivery.settled_at,
    reporting.mask_phone(delivery.phone) AS phone,
    FALSE AS is_read
FROM (SELECT DISTINCT day FROM ledger.decisions) AS decided
-- Day by day, import by import: joined at once, a condition on the day would not reach the contacts, and all deliveries
-- would be read. By EXCEPT: a join would compare each with each where the statistics say that the day is empty.
CROSS JOIN LATERAL (
    SELECT sent.campaign, sent.source, sent.lead_id
    FROM ledger.imports AS carrier
    CROSS JOIN LATERAL (
        SELECT campaign, source, lead_id FROM ledger.deliveries WHERE deliveries.import_id = carrier.import_id OFFSET 0
    ) AS sent
    WHERE carrier.day = decided.day
    EXCEPT
    SELECT campaign, source, lead_id FROM ledger.contacts WHERE contacts.day = decided.day
) AS gone
CROSS JOIN LATERAL (
    SELECT * FROM ledger.delivery_states AS state
    WHERE state.lead_id = gone.lead_id AND state.campaign = gone.campaign AND state.source = gone.source
    LIMIT 1
) AS delivery
LEFT JOIN ledger.withdrawals AS due
    ON due.campaign = delivery.campaign AND due.source = delivery.source AND due.lead_id = delivery.lead_id
    AND delivery.may_be_there;
