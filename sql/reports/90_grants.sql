-- The reader sees the schema reporting alone.
DO $$
BEGIN
    IF EXISTS (SELECT FROM pg_roles WHERE rolname = 'leadsync_reader') THEN
        GRANT USAGE ON SCHEMA reporting TO leadsync_reader;
        GRANT SELECT ON ALL TABLES IN SCHEMA reporting TO leadsync_reader;
    END IF;
END $$;
