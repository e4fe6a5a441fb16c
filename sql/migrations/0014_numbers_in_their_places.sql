-- kept_phones are all the numbers that the vendor has, each in its place, where they are others than those of the import
-- (phones). They were its further numbers alone, and an update that was given back doubled them.
UPDATE ledger.deliveries AS delivery
SET kept_phones = CASE WHEN kept_phones IS NOT NULL THEN ARRAY(
        SELECT number FROM unnest(coalesce(phones, ARRAY[phone]) || kept_phones) WITH ORDINALITY AS had (number, place)
        WHERE number IS NOT NULL GROUP BY number ORDER BY min(place)) END,
    held_phones = CASE WHEN held_phones IS NOT NULL THEN ARRAY(
        SELECT number FROM unnest(held_phones) WITH ORDINALITY AS had (number, place)
        WHERE number IS NOT NULL GROUP BY number ORDER BY min(place)) END
WHERE kept_phones IS NOT NULL OR held_phones IS NOT NULL;
