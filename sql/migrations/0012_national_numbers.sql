-- Entries of the do-not-call list that name no country: their digits, without zeros in front. Such an entry bars its number in
-- every country. An entry that can be read in a campaign's region stands in crm.do_not_call, too.
CREATE TABLE crm.do_not_call_national (
    digits   text COLLATE "C" PRIMARY KEY,
    until_on date,
    CONSTRAINT digits_are_significant CHECK (digits ~ '^[1-9][0-9]+$')
);

-- The digits, without zeros in front, by which people may write a number who leave out its plus, or its country: the
-- national number alone, behind the country's code, or behind what is dialled before it within the country where that is
-- no zero. Calling codes have one digit, two or three.
CREATE FUNCTION crm.written_at_home(phone text) RETURNS SETOF text
LANGUAGE sql IMMUTABLE PARALLEL SAFE AS $$
    SELECT ltrim(before.digits || number.parts[2], '0')
    FROM regexp_match(
        phone,
        '^\+(1|7|2[07]|3[0-469]|4[013-9]|5[1-8]|6[0-6]|8[1246]|9[0-58]'
        '|2[1-689][0-9]|3[578][0-9]|42[0-9]|5[09][0-9]|6[789][0-9]|8[035789][0-9]|9[679][0-9])([0-9]+)$') AS number (parts)
    CROSS JOIN LATERAL unnest(ARRAY['', number.parts[1]] || CASE number.parts[1]
        WHEN '7' THEN ARRAY['8']
        WHEN '36' THEN ARRAY['6']
        WHEN '370' THEN ARRAY['8']
        WHEN '375' THEN ARRAY['8', '80']
        WHEN '692' THEN ARRAY['1']
        WHEN '993' THEN ARRAY['8']
    END) AS before (digits)
$$;
