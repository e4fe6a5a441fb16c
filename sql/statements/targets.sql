-- ledger.targets: what campaigns are loaded into, where it is found or made by name.

-- name: lock :none
-- Nobody else looks for, or makes, this target until `unlock`, or the connection ends.
SELECT pg_advisory_lock(hashtextextended('leadsync target ' || CAST(:vendor AS text) || ' ' || CAST(:name AS text), 0));

-- name: unlock :none
-- Others may look for this target, and make it.
SELECT pg_advisory_unlock(hashtextextended('leadsync target ' || CAST(:vendor AS text) || ' ' || CAST(:name AS text), 0));

-- name: known :many
-- What is known of the target: its mapping, or when it was asked for.
SELECT target, attempted_at FROM ledger.targets
WHERE vendor = :vendor AND campaign = :campaign AND name = :name;

-- name: attempt :none
-- The request to make the target is about to be written.
INSERT INTO ledger.targets (vendor, campaign, name, attempted_at)
VALUES (:vendor, :campaign, :name, :now)
ON CONFLICT (vendor, campaign, name) DO UPDATE SET attempted_at = :now WHERE targets.target IS NULL;

-- name: forget_attempt :none
-- The request to make the target certainly made nothing.
DELETE FROM ledger.targets WHERE vendor = :vendor AND campaign = :campaign AND name = :name AND target IS NULL;

-- name: keep :none
-- The target was found, or made.
INSERT INTO ledger.targets (vendor, campaign, name, target, is_made, attempted_at, known_at)
VALUES (:vendor, :campaign, :name, CAST(:target AS jsonb), :is_made, :now, :now)
ON CONFLICT (vendor, campaign, name)
DO UPDATE SET target = excluded.target, is_made = targets.is_made OR excluded.is_made, known_at = excluded.known_at;

-- name: forget :none
-- The target is gone at the vendor; the next load finds or makes another.
DELETE FROM ledger.targets WHERE vendor = :vendor AND campaign = :campaign AND name = :name;

-- name: users :many
-- Which campaigns of the vendor were sent, or adopted, to targets that have one of these values under the key, and
-- whether somebody is there by them.
SELECT import.campaign, lower(import.target ->> CAST(:key AS text)) AS target,
       bool_or(import.settled_at IS NULL
               OR import.accepted_count + import.duplicate_count + import.unattributed_count > 0) AS has_leads
FROM ledger.imports AS import
WHERE import.vendor = :vendor AND import.sent_at IS NOT NULL
  AND lower(import.target ->> CAST(:key AS text)) = ANY (CAST(:targets AS text[]))
GROUP BY import.campaign, lower(import.target ->> CAST(:key AS text))
UNION ALL
SELECT event.campaign, lower(event.name), FALSE
FROM ledger.target_events AS event
WHERE event.vendor = :vendor AND event.event = 'found' AND lower(event.name) = ANY (CAST(:targets AS text[]));

-- name: tell :none
-- This was done to the target.
INSERT INTO ledger.target_events (at, vendor, campaign, name, event, actor)
VALUES (:now, :vendor, :campaign, :name, :event, :actor);
