-- crm: what was read.

-- name: take_turns :none
-- Until the transaction ends nobody else rewrites what the name stands for.
SELECT pg_advisory_xact_lock(hashtextextended('leadsync ' || CAST(:name AS text), 0));

-- name: mend_statistics :one
-- No table is empty by its statistics that is not empty; how many were. A millisecond, where there is nothing to mend.
SELECT ledger.mend_statistics() AS table_count;

-- name: upsert_snapshot :none
-- The list of that name was read now, if nobody read it later; and what is wrong with it.
INSERT INTO crm.snapshots (name, read_at, problem) VALUES (:name, :now, :problem)
ON CONFLICT (name) DO UPDATE SET read_at = greatest(snapshots.read_at, excluded.read_at), problem = excluded.problem;

-- name: renew_snapshot :none
-- The list of that name counts as read now, if nobody read it later.
UPDATE crm.snapshots SET read_at = greatest(read_at, :now) WHERE name = :name;

-- name: snapshot_problems :many
-- What is wrong with the lists that were read last.
SELECT name, problem FROM crm.snapshots WHERE problem IS NOT NULL ORDER BY name;

-- name: delete_campaigns :none
-- The snapshot of campaigns is empty, ready for the new one.
DELETE FROM crm.campaigns;

-- name: insert_campaign :none
-- The snapshot holds the campaign.
INSERT INTO crm.campaigns (campaign, vendor, target, region, mapping, is_active, origin, defect, read_at)
VALUES (:campaign, :vendor, CAST(:target AS jsonb), :region, CAST(:mapping AS jsonb), :is_active, :origin, :defect, :now);

-- name: campaigns :many
-- Every campaign of the snapshot.
SELECT campaign, vendor, target, region, mapping, is_active, origin, defect
FROM crm.campaigns
ORDER BY campaign;

-- name: delete_do_not_call :none
-- The do-not-call list is empty, ready for the new snapshot.
WITH national AS (DELETE FROM crm.do_not_call_national)
DELETE FROM crm.do_not_call;

-- name: insert_do_not_call :none
-- The numbers are on the list; of two entries for one number the longer one holds.
INSERT INTO crm.do_not_call (phone, reason, until_on, read_at)
SELECT entry.phone, min(entry.reason), nullif(max(coalesce(entry.until_on, 'infinity')), 'infinity'), :now
FROM unnest(CAST(:phones AS text[]), CAST(:reasons AS text[]), CAST(:until_on AS date[]))
    AS entry (phone, reason, until_on)
GROUP BY entry.phone
ON CONFLICT (phone) DO UPDATE SET
    until_on = nullif(greatest(coalesce(do_not_call.until_on, 'infinity'), coalesce(excluded.until_on, 'infinity')), 'infinity');

-- name: insert_national :none
-- The digits that name no country are on the list; of two entries for the same ones the longer one holds.
INSERT INTO crm.do_not_call_national (digits, until_on)
SELECT entry.digits, nullif(max(coalesce(entry.until_on, 'infinity')), 'infinity')
FROM unnest(CAST(:digits AS text[]), CAST(:until_on AS date[])) AS entry (digits, until_on)
GROUP BY entry.digits
ON CONFLICT (digits) DO UPDATE SET
    until_on = nullif(greatest(coalesce(do_not_call_national.until_on, 'infinity'), coalesce(excluded.until_on, 'infinity')), 'infinity');

-- name: count_do_not_call :one
-- How many numbers are on the list, and how many entries that name no country.
SELECT (SELECT count(*) FROM crm.do_not_call) AS entry_count,
       (SELECT count(*) FROM crm.do_not_call_national) AS national_count;

-- name: count_listed_entries :one
-- How many entries the list has: one that names no country once, in however many regions it can be read.
SELECT count(*) + (SELECT count(*) FROM crm.do_not_call_national) AS entry_count
FROM crm.do_not_call AS listed
WHERE NOT EXISTS (
    SELECT FROM crm.written_at_home(listed.phone) AS written (digits)
    JOIN crm.do_not_call_national AS national ON national.digits = written.digits
);

-- name: listed_numbers :many
-- Those of the given numbers, parted by commas, that must not be called on the given day. Where the list has no entry
-- without a country, nobody looks how a number is written at home; else each is looked up by its own: a join would read
-- the whole list for every page.
SELECT listed.phone
FROM string_to_table(:phones, ',') AS number (phone)
JOIN crm.do_not_call AS listed ON listed.phone = number.phone
WHERE listed.until_on IS NULL OR listed.until_on >= CAST(:day AS date)
UNION
SELECT number.phone
FROM string_to_table(:phones, ',') AS number (phone)
CROSS JOIN LATERAL (
    SELECT FROM crm.written_at_home(number.phone) AS written (digits)
    JOIN crm.do_not_call_national AS listed ON listed.digits = written.digits
    WHERE listed.until_on IS NULL OR listed.until_on >= CAST(:day AS date)
    LIMIT 1
) AS entry
WHERE EXISTS (SELECT FROM crm.do_not_call_national);

-- name: delete_lead_rows :none
-- No lead of the day is stored.
DELETE FROM crm.leads WHERE day = :day;

-- name: delete_customer_rows :none
-- No customer of the day is stored.
DELETE FROM crm.customers WHERE day = :day;

-- name: upsert_pull :none
-- The pull is the newest of its source and day.
INSERT INTO crm.pulls (source, day, pull_id, origin, read_count, defect_count, pulled_at)
VALUES (:source, :day, :pull_id, :origin, :read_count, :defect_count, :now)
ON CONFLICT (source, day) DO UPDATE SET
    pull_id = excluded.pull_id, origin = excluded.origin, read_count = excluded.read_count,
    defect_count = excluded.defect_count, pulled_at = excluded.pulled_at;

-- name: pulls :many
-- The newest pull of each source on the day.
SELECT source, pull_id, origin, read_count, defect_count, pulled_at
FROM crm.pulls
WHERE day = :day
ORDER BY source;

-- name: delete_read_counts :none
-- The day's counts of the source are gone.
DELETE FROM crm.read_counts WHERE source = :source AND day = :day;

-- name: insert_read_counts :none
-- The reader's counts by campaign are stored.
INSERT INTO crm.read_counts (source, day, campaign, read_count)
SELECT :source, :day, counted.campaign, counted.read_count
FROM unnest(CAST(:campaigns AS text[]), CAST(:counts AS bigint[])) AS counted (campaign, read_count);

-- name: rows :many
-- The day's rows of one source, in the reader's order.
SELECT row_no, defect, cursor_at, lead_id, campaign, first_name, last_name, phone1, phone2, phone3, country,
       timezone, email, agent, priority, not_before, consent
FROM crm.rows
WHERE source = :source AND day = :day
ORDER BY row_no;

-- name: said :many
-- What the source said of the rows of a page that a vendor may want to know: by their range, and of no others in it.
SELECT row_no, lead_id, first_name, last_name, email, agent, priority, not_before, attributes
FROM crm.rows
WHERE source = :source AND day = :day AND row_no > :after AND row_no <= :until
  AND row_no + 0 = ANY (CAST(:row_nos AS bigint[]));

-- name: note_intake_failure :none
-- The last intake of the days failed, and why.
INSERT INTO crm.intake_failures (day, failed_at, problem)
SELECT failed.day, :now, :problem FROM unnest(CAST(:days AS date[])) AS failed (day)
ON CONFLICT (day) DO UPDATE SET failed_at = excluded.failed_at, problem = excluded.problem;

-- name: forget_intake_failure :none
-- The last intake of the day did not fail.
DELETE FROM crm.intake_failures WHERE day = :day;

-- name: intake_failures :many
-- Why the last intake of these days failed.
SELECT day, problem FROM crm.intake_failures WHERE day = ANY (CAST(:days AS date[])) ORDER BY day;

-- name: purge_rows :one
-- Rows of days before the given one are gone, and so are their pulls: deciding such a day needs a new pull. That an
-- intake of theirs failed is forgotten, too.
WITH failures AS (DELETE FROM crm.intake_failures WHERE day < :before),
     leads AS (DELETE FROM crm.leads WHERE day < :before RETURNING 1),
     customers AS (DELETE FROM crm.customers WHERE day < :before RETURNING 1),
     pulls AS (DELETE FROM crm.pulls WHERE day < :before RETURNING 1)
SELECT (SELECT count(*) FROM leads) + (SELECT count(*) FROM customers) AS row_count;
