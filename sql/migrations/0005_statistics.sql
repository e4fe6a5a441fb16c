-- Statistics that say that a table is empty when it is not: it was analysed while a load that fills it was under way, or
-- after one that was undone. Postgres then takes any way through the table for as short as the one by its key, and
-- statements that join it compare each row with each.
CREATE FUNCTION ledger.mend_statistics() RETURNS integer
LANGUAGE plpgsql AS $$
DECLARE
    lying regclass[] := ARRAY(
        SELECT oid::regclass FROM pg_class
        WHERE relkind = 'r' AND reltuples = 0 AND relpages > 0
          AND relnamespace IN ('crm'::regnamespace, 'ledger'::regnamespace, 'reference'::regnamespace)
        ORDER BY oid);
    name regclass;
BEGIN
    FOREACH name IN ARRAY lying LOOP
        EXECUTE format('ANALYZE %s', name);
    END LOOP;
    RETURN cardinality(lying);
END
$$;
