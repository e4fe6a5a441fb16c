-- reference: what vendors know, as of their last refresh, and how it changed.

-- name: refresh :many
-- The entries of the kind are exactly the given ones; what changed is told, and counted by change.
WITH given AS (
    SELECT * FROM json_to_recordset(CAST(:entries AS json)) AS entry (key text, name text, aliases text[], detail jsonb)
), before AS (
    SELECT * FROM reference.entries WHERE vendor = :vendor AND kind = :kind FOR UPDATE
), compared AS (
    SELECT
        coalesce(given.key, before.key) AS key,
        CASE
            WHEN before.key IS NULL THEN 'appeared'
            WHEN given.key IS NULL THEN 'vanished'
            WHEN before.vanished_at IS NOT NULL THEN 'returned'
            ELSE 'changed'
        END AS change,
        given.name, given.aliases, given.detail,
        CASE WHEN before.key IS NOT NULL
             THEN jsonb_build_object('name', before.name, 'aliases', before.aliases, 'detail', before.detail) END AS was,
        CASE WHEN given.key IS NOT NULL
             THEN jsonb_build_object('name', given.name, 'aliases', given.aliases, 'detail', given.detail) END AS now_is
    FROM given
    FULL JOIN before ON before.key = given.key
    WHERE before.key IS NULL
       OR (given.key IS NULL AND before.vanished_at IS NULL)
       OR (given.key IS NOT NULL AND (before.vanished_at IS NOT NULL
           OR (before.name, before.aliases, before.detail) IS DISTINCT FROM (given.name, given.aliases, given.detail)))
), kept AS (
    INSERT INTO reference.entries (vendor, kind, key, name, aliases, detail, first_seen_at, changed_at)
    SELECT :vendor, :kind, key, name, aliases, detail, :now, :now FROM compared WHERE change <> 'vanished'
    ON CONFLICT (vendor, kind, key) DO UPDATE
    SET name = excluded.name, aliases = excluded.aliases, detail = excluded.detail, changed_at = excluded.changed_at,
        vanished_at = NULL
), gone AS (
    UPDATE reference.entries AS entry SET vanished_at = :now
    FROM compared
    WHERE compared.change = 'vanished' AND entry.vendor = :vendor AND entry.kind = :kind AND entry.key = compared.key
), noted AS (
    INSERT INTO reference.refreshes (vendor, kind, refreshed_at, entry_count)
    SELECT :vendor, :kind, :now, count(*) FROM given
    ON CONFLICT (vendor, kind) DO UPDATE
    SET refreshed_at = excluded.refreshed_at, entry_count = excluded.entry_count
), told AS (
    INSERT INTO reference.changes (at, vendor, kind, key, change, before, after)
    SELECT :now, :vendor, :kind, key, change, was, now_is FROM compared
)
SELECT change, count(*) AS entry_count FROM compared GROUP BY change;

-- name: lock :none
-- Two refreshes of one kind take turns, until the transaction ends.
SELECT pg_advisory_xact_lock(hashtextextended('leadsync reference ' || CAST(:vendor AS text) || ' ' || CAST(:kind AS text), 0));

-- name: known :many
-- The entries of the vendor that are there now, of the kinds that were ever read.
SELECT refresh.kind, entry.key, entry.name, entry.aliases, entry.detail
FROM reference.refreshes AS refresh
LEFT JOIN reference.entries AS entry
    ON entry.vendor = refresh.vendor AND entry.kind = refresh.kind AND entry.vanished_at IS NULL
WHERE refresh.vendor = :vendor
ORDER BY refresh.kind, entry.key;
