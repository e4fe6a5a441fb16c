-- The time from which on a campaign of a day is to be planned, when that is asked for once more: another one than before, so that a
-- plan that is under way does not take the row away. One that lies ahead, as a lead must not be called yet, does not hold up the rest.
CREATE FUNCTION ledger.asked_again(before timestamptz, now timestamptz) RETURNS timestamptz IMMUTABLE LANGUAGE sql
RETURN CASE WHEN before > now + interval '1 minute' THEN now ELSE greatest(now, before + interval '1 microsecond') END;
