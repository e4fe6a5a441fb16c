-- The foundation: what was read (crm), what was decided and sent (ledger), what people read (reporting).
-- Views are not migrated: sql/reports/ is applied anew after every upgrade.

CREATE SCHEMA crm;
CREATE SCHEMA ledger;
CREATE SCHEMA reference;
CREATE SCHEMA reporting;

-- crm ------------------------------------------------------------------------------------------

CREATE TABLE crm.campaigns (
    campaign   text PRIMARY KEY,
    vendor     text NOT NULL,
    target     jsonb NOT NULL,
    region     text,
    mapping    jsonb NOT NULL DEFAULT '{}',
    is_active  boolean NOT NULL DEFAULT TRUE,
    origin     text NOT NULL,
    read_at    timestamptz NOT NULL,
    CONSTRAINT campaign_has_a_name CHECK (campaign <> '')
);

CREATE TABLE crm.do_not_call (
    phone    text PRIMARY KEY,
    reason   text,
    until_on date,
    read_at  timestamptz NOT NULL,
    CONSTRAINT phone_is_e164 CHECK (phone ~ '^\+[1-9][0-9]+$')
);

CREATE TABLE crm.leads (
    day        date NOT NULL,
    row_no     bigint NOT NULL,
    lead_id    text,
    campaign   text,
    first_name text,
    last_name  text,
    phone1     text,
    phone2     text,
    phone3     text,
    country    text,
    timezone   text,
    email      text,
    agent      text,
    priority   text,
    not_before text,
    consent    text,
    cursor_at  timestamptz,
    attributes jsonb,
    defect     text,
    PRIMARY KEY (day, row_no)
);

CREATE TABLE crm.customers (LIKE crm.leads INCLUDING ALL);

-- One row per source and day: what the newest pull found. pull_id ties the decisions to it.
CREATE TABLE crm.pulls (
    source       text NOT NULL,
    day          date NOT NULL,
    pull_id      uuid NOT NULL,
    origin       text NOT NULL,
    read_count   bigint NOT NULL,
    defect_count bigint NOT NULL,
    pulled_at    timestamptz NOT NULL,
    PRIMARY KEY (source, day),
    CONSTRAINT source_is_known CHECK (source IN ('lead', 'customer'))
);

-- Counted by the reader, not by the database: the other side of the conservation check.
CREATE TABLE crm.read_counts (
    source     text NOT NULL,
    day        date NOT NULL,
    campaign   text NOT NULL,
    read_count bigint NOT NULL,
    PRIMARY KEY (source, day, campaign)
);

-- ledger ---------------------------------------------------------------------------------------

-- Every row that was read on a day, and what was decided about it. campaign and lead_id are '' when
-- the row does not name them.
CREATE TABLE ledger.contacts (
    day         date NOT NULL,
    source      text NOT NULL,
    row_no      bigint NOT NULL,
    campaign    text NOT NULL,
    lead_id     text NOT NULL,
    verdict     text NOT NULL,
    reason_code text,
    reason      text,
    phones      text[] NOT NULL DEFAULT '{}',
    time_zone   text,
    country     text,
    cursor_at   timestamptz,
    is_refused_by_plan boolean NOT NULL DEFAULT FALSE,
    is_purged          boolean NOT NULL DEFAULT FALSE,
    PRIMARY KEY (day, source, row_no),
    CONSTRAINT verdict_is_known CHECK (verdict IN ('eligible', 'invalid', 'suppressed', 'duplicate')),
    CONSTRAINT eligible_is_addressed
        CHECK (verdict <> 'eligible' OR (campaign <> '' AND lead_id <> '' AND (is_purged OR cardinality(phones) BETWEEN 1 AND 3))),
    CONSTRAINT purged_has_no_phone CHECK (NOT is_purged OR cardinality(phones) = 0),
    CONSTRAINT refusal_has_a_reason CHECK (verdict = 'eligible' OR reason_code IS NOT NULL)
) WITH (fillfactor = 90);

-- Which pull the decisions of a day were taken from.
CREATE TABLE ledger.decisions (
    day        date NOT NULL,
    source     text NOT NULL,
    pull_id    uuid NOT NULL,
    decided_at timestamptz NOT NULL,
    PRIMARY KEY (day, source)
);

CREATE TABLE ledger.imports (
    import_id          bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    import_key         uuid NOT NULL UNIQUE,
    parent_id          bigint,
    vendor             text NOT NULL,
    campaign           text NOT NULL,
    day                date NOT NULL,
    target             jsonb NOT NULL,
    payload            bytea,
    payload_digest     bytea NOT NULL,
    entry_count        integer NOT NULL,
    state              text NOT NULL DEFAULT 'planned',
    attempts           integer NOT NULL DEFAULT 0,
    due_at             timestamptz NOT NULL,
    claim_token        uuid,
    claimed_by         text,
    lease_until        timestamptz,
    vendor_reference   text,
    accepted_count     integer NOT NULL DEFAULT 0,
    duplicate_count    integer NOT NULL DEFAULT 0,
    rejected_count     integer NOT NULL DEFAULT 0,
    unattributed_count integer NOT NULL DEFAULT 0,
    moved_count        integer NOT NULL DEFAULT 0,
    error_code         text,
    error              text,
    error_report       text,
    planned_at         timestamptz NOT NULL,
    sent_at            timestamptz,
    submitted_at       timestamptz,
    settled_at         timestamptz,
    CONSTRAINT state_is_known CHECK (state IN ('planned', 'sending', 'submitted', 'settled', 'unknown', 'failed')),
    CONSTRAINT claim_is_whole CHECK ((claim_token IS NULL) = (lease_until IS NULL)),
    CONSTRAINT sending_is_claimed CHECK (state <> 'sending' OR claim_token IS NOT NULL),
    CONSTRAINT planned_is_unclaimed CHECK (state <> 'planned' OR claim_token IS NULL),
    CONSTRAINT settled_iff_terminal CHECK ((settled_at IS NOT NULL) = (state IN ('settled', 'failed'))),
    CONSTRAINT terminal_is_unclaimed CHECK (settled_at IS NULL OR claim_token IS NULL),
    CONSTRAINT sent_unless_planned CHECK (sent_at IS NOT NULL OR state IN ('planned', 'failed')),
    CONSTRAINT open_has_payload CHECK (payload IS NOT NULL OR settled_at IS NOT NULL),
    CONSTRAINT entries_are_positive CHECK (entry_count > 0),
    CONSTRAINT settled_adds_up CHECK (
        settled_at IS NULL
        OR accepted_count + duplicate_count + rejected_count + unattributed_count + moved_count = entry_count),
    CONSTRAINT failed_delivered_nothing CHECK (
        state <> 'failed' OR accepted_count + duplicate_count + unattributed_count = 0)
);
ALTER TABLE ledger.imports ALTER COLUMN payload SET STORAGE EXTERNAL;
CREATE INDEX imports_open ON ledger.imports (vendor, state, due_at, import_id) WHERE settled_at IS NULL;
CREATE INDEX imports_by_day ON ledger.imports (day, vendor, campaign);

-- One row per contact on a campaign, for ever. Its state is its own verdict once it has one, else the
-- state of its import. import_id has no foreign key: the check would double the cost of every load, and
-- rows are only ever written in the transaction that writes their import.
CREATE TABLE ledger.deliveries (
    campaign       text NOT NULL,
    source         text NOT NULL,
    lead_id        text NOT NULL,
    vendor         text NOT NULL,
    day            date NOT NULL,
    phone          text,
    content_digest bytea NOT NULL,
    import_id      bigint NOT NULL,
    position       smallint NOT NULL,
    verdict        text,
    reason_code    text,
    reason         text,
    vendor_id      text,
    settled_at     timestamptz,
    PRIMARY KEY (campaign, source, lead_id),
    CONSTRAINT entry_carries_one_delivery UNIQUE (import_id, position),
    CONSTRAINT verdict_is_known
        CHECK (verdict IN ('accepted', 'duplicate', 'rejected', 'unattributed', 'withdrawn')),
    CONSTRAINT settled_iff_verdict CHECK ((verdict IS NULL) = (settled_at IS NULL)),
    CONSTRAINT refusal_has_a_reason CHECK (verdict NOT IN ('duplicate', 'rejected') OR reason_code IS NOT NULL)
) WITH (fillfactor = 50);
CREATE INDEX deliveries_by_number ON ledger.deliveries (campaign, phone);

-- Why a campaign was not sent on a day; the row goes when a later run sends it.
CREATE TABLE ledger.campaign_stops (
    vendor      text NOT NULL,
    campaign    text NOT NULL,
    day         date NOT NULL,
    reason_code text NOT NULL,
    reason      text NOT NULL,
    stopped_at  timestamptz NOT NULL,
    PRIMARY KEY (vendor, campaign, day)
);

-- What the vendor says of the calls that were made, per delivery.
CREATE TABLE ledger.call_results (
    vendor      text NOT NULL,
    campaign    text NOT NULL,
    source      text NOT NULL,
    lead_id     text NOT NULL,
    result      text,
    call_result text,
    classifier  text,
    call_count  integer,
    agent_id    text,
    changed_at  timestamptz,
    read_at     timestamptz NOT NULL,
    PRIMARY KEY (campaign, source, lead_id)
);

CREATE TABLE ledger.events (
    event_id  bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    import_id bigint NOT NULL,
    event     text NOT NULL,
    actor     text NOT NULL,
    detail    jsonb NOT NULL DEFAULT '{}'
);
CREATE INDEX events_by_import ON ledger.events (import_id, event_id);

CREATE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION 'ledger.events is append-only' USING ERRCODE = 'restrict_violation', CONSTRAINT = 'events_are_append_only';
END $$;
CREATE TRIGGER events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();

-- reporting ------------------------------------------------------------------------------------

CREATE FUNCTION reporting.mask_phone(phone text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN left(phone, 3) || ' *** *** ' || right(phone, 4);

-- A read-only role that sees the schema reporting alone. Hosted databases may forbid CREATE ROLE; then
-- their administrator makes it and the grants below are applied by the next `leadsync migrate`.
DO $$
BEGIN
    IF NOT EXISTS (SELECT FROM pg_roles WHERE rolname = 'leadsync_reader') THEN
        CREATE ROLE leadsync_reader NOLOGIN;
    END IF;
EXCEPTION WHEN insufficient_privilege THEN
    RAISE NOTICE 'role leadsync_reader was not created: this account may not create roles';
END $$;
