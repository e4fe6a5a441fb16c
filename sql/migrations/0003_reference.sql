-- What vendors know: agents, queues, time zones, lists, tasks, result codes. With history.

CREATE TABLE reference.entries (
    vendor      text NOT NULL,
    kind        text NOT NULL,
    key         text NOT NULL,
    name        text NOT NULL,
    aliases     text[] NOT NULL DEFAULT '{}',
    detail      jsonb NOT NULL DEFAULT '{}',
    first_seen_at timestamptz NOT NULL,
    changed_at    timestamptz NOT NULL,
    vanished_at   timestamptz,
    PRIMARY KEY (vendor, kind, key)
);

CREATE TABLE reference.refreshes (
    vendor       text NOT NULL,
    kind         text NOT NULL,
    refreshed_at timestamptz NOT NULL,
    entry_count  integer NOT NULL,
    PRIMARY KEY (vendor, kind)
);

CREATE TABLE reference.changes (
    change_id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY,
    at        timestamptz NOT NULL,
    vendor    text NOT NULL,
    kind      text NOT NULL,
    key       text NOT NULL,
    change    text NOT NULL,
    before    jsonb,
    after     jsonb,
    CONSTRAINT change_is_known CHECK (change IN ('appeared', 'changed', 'vanished', 'returned'))
);
CREATE INDEX changes_by_entry ON reference.changes (vendor, kind, key, change_id);
