-- Vendors that tell later what became of an import, targets that are made when they are missing, and
-- updates of leads that a vendor has.

ALTER TABLE ledger.imports
    ADD COLUMN action      text NOT NULL DEFAULT 'create',
    ADD COLUMN detail      text,
    ADD COLUMN poll_count  integer NOT NULL DEFAULT 0,
    ADD COLUMN progress    jsonb,
    ADD COLUMN deadline_at timestamptz,
    ADD COLUMN finished_at timestamptz,
    ADD COLUMN late_until  timestamptz,
    ADD CONSTRAINT action_is_known CHECK (action IN ('create', 'update')),
    ADD CONSTRAINT update_carries_one_entry CHECK (action <> 'update' OR entry_count = 1),
    ADD CONSTRAINT submitted_was_taken CHECK (state <> 'submitted' OR (submitted_at IS NOT NULL AND deadline_at IS NOT NULL)),
    ADD CONSTRAINT finished_was_submitted CHECK (finished_at IS NULL OR submitted_at IS NOT NULL),
    ADD CONSTRAINT late_was_submitted CHECK (late_until IS NULL OR submitted_at IS NOT NULL);
CREATE INDEX imports_late ON ledger.imports (vendor, due_at) WHERE late_until IS NOT NULL;

-- While a lead that the vendor has is on its way again as an update: where it was before.
ALTER TABLE ledger.deliveries
    ADD COLUMN held_import_id bigint,
    ADD COLUMN held_position  smallint,
    ADD COLUMN held_digest    bytea,
    ADD CONSTRAINT held_is_whole
        CHECK ((held_import_id IS NULL) = (held_digest IS NULL) AND (held_position IS NULL) = (held_digest IS NULL)),
    ADD CONSTRAINT held_is_open CHECK (held_digest IS NULL OR verdict IS NULL);

-- Targets that are found or made by name. attempted_at without target: the request to make it was written,
-- and its outcome was not seen yet.
CREATE TABLE ledger.targets (
    vendor       text NOT NULL,
    campaign     text NOT NULL,
    name         text NOT NULL,
    target       jsonb,
    is_made      boolean NOT NULL DEFAULT FALSE,
    attempted_at timestamptz,
    known_at     timestamptz,
    PRIMARY KEY (vendor, campaign, name),
    CONSTRAINT target_is_known CHECK ((target IS NULL) = (known_at IS NULL)),
    CONSTRAINT row_says_something CHECK (target IS NOT NULL OR attempted_at IS NOT NULL)
);

-- What was done to targets, for good.
CREATE TABLE ledger.target_events (
    event_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at       timestamptz NOT NULL,
    vendor   text NOT NULL,
    campaign text NOT NULL,
    name     text NOT NULL,
    event    text NOT NULL,
    actor    text NOT NULL,
    CONSTRAINT event_is_known
        CHECK (event IN ('found', 'asked_for', 'made', 'not_made', 'activated', 'paused', 'deleted', 'missed'))
);
CREATE INDEX target_events_by_campaign ON ledger.target_events (vendor, campaign, event_id);
CREATE OR REPLACE FUNCTION ledger.refuse_change() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
    RAISE EXCEPTION '% is append-only', TG_TABLE_NAME USING ERRCODE = 'restrict_violation', CONSTRAINT = TG_NAME;
END $$;
CREATE TRIGGER target_events_are_append_only BEFORE UPDATE OR DELETE OR TRUNCATE ON ledger.target_events
    FOR EACH STATEMENT EXECUTE FUNCTION ledger.refuse_change();
