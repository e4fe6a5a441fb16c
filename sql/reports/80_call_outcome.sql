-- What became of the calls, per delivery, as the vendor tells it.
CREATE VIEW reporting.call_outcome AS
SELECT
    call.vendor, call.campaign, delivery.day, call.source, call.lead_id, call.result, call.call_result,
    call.classifier, call.call_count, call.agent_id, call.changed_at, call.read_at
FROM ledger.call_results AS call
JOIN ledger.deliveries AS delivery
    ON delivery.campaign = call.campaign AND delivery.source = call.source AND delivery.lead_id = call.lead_id;
