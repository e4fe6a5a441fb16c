-- Before each plan of a day, what an earlier one refused is eligible again: nearly always nothing, and found at once.
CREATE INDEX contacts_refused_by_plan ON ledger.contacts (day) WHERE is_refused_by_plan;
