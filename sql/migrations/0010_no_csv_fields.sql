-- Rows go to the reader of columns as Postgres writes rows: nobody writes CSV in SQL any more.
DROP FUNCTION ledger.csv_field(text);
