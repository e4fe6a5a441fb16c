-- What vendors know, as of the last time that they were asked; a vanished entry says since when.
CREATE VIEW reporting.reference_entry AS
SELECT
    entry.vendor, entry.kind, entry.key, entry.name, entry.aliases, entry.detail, entry.first_seen_at, entry.changed_at,
    entry.vanished_at, refresh.refreshed_at
FROM reference.entries AS entry
JOIN reference.refreshes AS refresh ON refresh.vendor = entry.vendor AND refresh.kind = entry.kind;

-- What appeared, changed, vanished or came back at a vendor, and when that was noticed.
CREATE VIEW reporting.reference_change AS
SELECT at, vendor, kind, key, change, before, after FROM reference.changes;
