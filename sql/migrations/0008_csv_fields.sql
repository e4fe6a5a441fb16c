-- A field of CSV in which nothing is NULL and `""` an empty text: rows go to the reader of columns in one text.
CREATE FUNCTION ledger.csv_field(field text) RETURNS text LANGUAGE sql IMMUTABLE PARALLEL SAFE
RETURN coalesce('"' || replace(field, '"', '""') || '"', '');
