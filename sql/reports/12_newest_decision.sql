-- When something was decided, or listed, last: what was planned before is to be planned anew.
CREATE VIEW ledger.newest_decision AS
SELECT coalesce(
    greatest((SELECT max(decided_at) FROM ledger.decisions), (SELECT max(read_at) FROM crm.snapshots)),
    CAST('epoch' AS timestamptz)) AS decided_at;
