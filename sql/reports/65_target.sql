-- What campaigns are loaded into where that is found or made by name, and what was last done to it.
CREATE VIEW reporting.target AS
SELECT
    target.vendor, target.campaign, target.name, target.target, target.is_made, target.attempted_at, target.known_at,
    last.event AS last_event, last.at AS last_event_at, last.actor AS last_actor
FROM ledger.targets AS target
LEFT JOIN LATERAL (
    SELECT event, at, actor FROM ledger.target_events AS event
    WHERE event.vendor = target.vendor AND event.campaign = target.campaign AND event.name = target.name
    ORDER BY event_id DESC
    LIMIT 1
) AS last ON TRUE;

-- What was done to targets: found, made, activated, paused, deleted; by which run.
CREATE VIEW reporting.target_event AS
SELECT at, vendor, campaign, name, event, actor FROM ledger.target_events;
