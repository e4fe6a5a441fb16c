-- What the views and columns of reporting mean, for whoever asks the database: \d+ shows it.
COMMENT ON VIEW reporting.lead_outcome IS
    'One row per lead and day on which it was read: what became of it. A public contract: columns are added, and none renamed.';
COMMENT ON COLUMN reporting.lead_outcome.vendor IS 'sinch, sobot, platform or jtel; empty where no vendor is known, as of an unknown campaign';
COMMENT ON COLUMN reporting.lead_outcome.campaign IS 'our name of the campaign, as the leads carry it; (none) where the row names none';
COMMENT ON COLUMN reporting.lead_outcome.day IS 'the business day, in the configured time zone';
COMMENT ON COLUMN reporting.lead_outcome.source IS 'lead or customer';
COMMENT ON COLUMN reporting.lead_outcome.lead_id IS 'the id in the CRM, of the lead or customer';
COMMENT ON COLUMN reporting.lead_outcome.state IS 'invalid, suppressed, duplicate, planned, sending, submitted, accepted, rejected, unknown, unattributed or withdrawn';
COMMENT ON COLUMN reporting.lead_outcome.reason_code IS 'why, as a code: docs/operations.md, Reason codes';
COMMENT ON COLUMN reporting.lead_outcome.reason IS 'why, in words; without private data';
COMMENT ON COLUMN reporting.lead_outcome.vendor_id IS 'the vendor''s id of the lead, where it told one';
COMMENT ON COLUMN reporting.lead_outcome.import_id IS 'the import that carried it: import_outcome.import_id';
COMMENT ON COLUMN reporting.lead_outcome.attempts IS 'how often its import was sent';
COMMENT ON COLUMN reporting.lead_outcome.planned_at IS 'when its import was planned';
COMMENT ON COLUMN reporting.lead_outcome.sent_at IS 'when its import was sent last; without an answer, when that was given up';
COMMENT ON COLUMN reporting.lead_outcome.settled_at IS 'when its outcome was known';
COMMENT ON COLUMN reporting.lead_outcome.phone IS 'the number to be called first, masked';
COMMENT ON COLUMN reporting.lead_outcome.row_no IS 'the number of the row in the source, from 1; empty where the row is gone';
COMMENT ON COLUMN reporting.lead_outcome.is_read IS 'whether its row was there when the day was read last; a row that is gone counts in no total';
COMMENT ON COLUMN reporting.lead_outcome.loaded_on IS 'the day for which its import was made: an earlier one, where the vendor had the lead before';

COMMENT ON VIEW reporting.import_outcome IS
    'One row per import, the request that carries a batch to a vendor. A public contract: columns are added, and none renamed.';
COMMENT ON COLUMN reporting.import_outcome.import_id IS 'our number of the import';
COMMENT ON COLUMN reporting.import_outcome.vendor IS 'sinch, sobot, platform or jtel';
COMMENT ON COLUMN reporting.import_outcome.campaign IS 'our name of the campaign';
COMMENT ON COLUMN reporting.import_outcome.day IS 'the business day that it was planned for';
COMMENT ON COLUMN reporting.import_outcome.vendor_reference IS 'the name by which the vendor knows it, such as a job''s id';
COMMENT ON COLUMN reporting.import_outcome.state IS 'planned, sending, submitted, settled, unknown or failed';
COMMENT ON COLUMN reporting.import_outcome.sent_count IS 'how many leads it carries';
COMMENT ON COLUMN reporting.import_outcome.accepted_count IS 'how many of them the vendor has taken';
COMMENT ON COLUMN reporting.import_outcome.duplicate_count IS 'how many the vendor had already';
COMMENT ON COLUMN reporting.import_outcome.rejected_count IS 'how many the vendor refused';
COMMENT ON COLUMN reporting.import_outcome.unattributed_count IS 'how many the vendor gave counts for that do not say which';
COMMENT ON COLUMN reporting.import_outcome.submitted_at IS 'when the vendor took it to tell later, else when it was sent';
COMMENT ON COLUMN reporting.import_outcome.settled_at IS 'when the outcome of each lead was known';
COMMENT ON COLUMN reporting.import_outcome.error_report IS 'the address of the vendor''s own report of errors';
COMMENT ON COLUMN reporting.import_outcome.detail IS 'what the vendor, or the last failure, said of it as a whole';
COMMENT ON COLUMN reporting.import_outcome.error_code IS 'why it waits: docs/operations.md, Reason codes';
COMMENT ON COLUMN reporting.import_outcome.moved_count IS 'how many of its leads went on in another import';
COMMENT ON COLUMN reporting.import_outcome.attempts IS 'how often it was sent';
COMMENT ON COLUMN reporting.import_outcome.parent_id IS 'the import that its leads come from';
COMMENT ON COLUMN reporting.import_outcome.planned_at IS 'when it was planned';
COMMENT ON COLUMN reporting.import_outcome.action IS 'create, or update of leads that the vendor has';
COMMENT ON COLUMN reporting.import_outcome.target IS 'the vendor''s own thing that it was loaded into, as JSON';
COMMENT ON COLUMN reporting.import_outcome.poll_count IS 'how often the vendor was asked for its result';
COMMENT ON COLUMN reporting.import_outcome.deadline_at IS 'when the vendor is given up on';
COMMENT ON COLUMN reporting.import_outcome.late_until IS 'until when late word of the vendor is heard; its outcome is provisional until then';

COMMENT ON VIEW reporting.campaign_day IS
    'One row per vendor, campaign and day: how many leads were read, and how many are in each state. A public contract: columns are added, and none renamed.';
COMMENT ON COLUMN reporting.campaign_day.vendor IS 'sinch, sobot, platform or jtel; empty where no vendor is known, as of an unknown campaign';
COMMENT ON COLUMN reporting.campaign_day.campaign IS 'our name of the campaign, as the leads carry it; (none) where the row names none';
COMMENT ON COLUMN reporting.campaign_day.day IS 'the business day, in the configured time zone';
COMMENT ON COLUMN reporting.campaign_day.read_count IS 'rows that were read; the sum of all states where it is balanced';
COMMENT ON COLUMN reporting.campaign_day.invalid_count IS 'rows that cannot be called, such as without a valid number';
COMMENT ON COLUMN reporting.campaign_day.suppressed_count IS 'leads that must not be called';
COMMENT ON COLUMN reporting.campaign_day.duplicate_count IS 'leads that another row, lead or the vendor has already';
COMMENT ON COLUMN reporting.campaign_day.planned_count IS 'leads that wait to be sent';
COMMENT ON COLUMN reporting.campaign_day.sending_count IS 'leads in a request that is under way';
COMMENT ON COLUMN reporting.campaign_day.submitted_count IS 'leads that the vendor has, and will tell of later';
COMMENT ON COLUMN reporting.campaign_day.accepted_count IS 'leads that the vendor has';
COMMENT ON COLUMN reporting.campaign_day.rejected_count IS 'leads that the vendor refused';
COMMENT ON COLUMN reporting.campaign_day.unknown_count IS 'leads whose outcome was not seen; the vendor is asked before they are sent again';
COMMENT ON COLUMN reporting.campaign_day.unattributed_count IS 'leads that the vendor gave counts for that do not say which';
COMMENT ON COLUMN reporting.campaign_day.withdrawn_count IS 'leads that were taken back from the vendor';
COMMENT ON COLUMN reporting.campaign_day.balanced IS 'whether every row that was read has exactly one state';
COMMENT ON COLUMN reporting.campaign_day.stopped_because IS 'why the campaign was not loaded in full, in words';
COMMENT ON COLUMN reporting.campaign_day.gone_count IS 'leads that were sent for the day and whose row is gone since; in no other count';
COMMENT ON COLUMN reporting.campaign_day.gone_open_count IS 'those of gone_count that have no outcome yet';
COMMENT ON COLUMN reporting.campaign_day.accepted_before_count IS 'those of accepted_count that were loaded for an earlier day';

COMMENT ON VIEW reporting.reason IS
    'Why leads are not accepted: how many, and since when. A public contract: columns are added, and none renamed.';
COMMENT ON COLUMN reporting.reason.vendor IS 'sinch, sobot, platform or jtel; empty where no vendor is known, as of an unknown campaign';
COMMENT ON COLUMN reporting.reason.campaign IS 'our name of the campaign, as the leads carry it; (none) where the row names none';
COMMENT ON COLUMN reporting.reason.day IS 'the business day, in the configured time zone';
COMMENT ON COLUMN reporting.reason.state IS 'invalid, suppressed, duplicate, planned, sending, submitted, accepted, rejected, unknown, unattributed or withdrawn';
COMMENT ON COLUMN reporting.reason.reason_code IS 'why, as a code: docs/operations.md, Reason codes; empty where there is none';
COMMENT ON COLUMN reporting.reason.lead_count IS 'how many leads';
COMMENT ON COLUMN reporting.reason.since IS 'when the first of them came to be so';
COMMENT ON COLUMN reporting.reason.example IS 'the reason of one of them, in words';

COMMENT ON VIEW reporting.target IS
    'What campaigns are loaded into, where that is found or made by name, and what was last done to it.';
COMMENT ON COLUMN reporting.target.vendor IS 'sobot, platform or jtel';
COMMENT ON COLUMN reporting.target.campaign IS 'our name of the campaign';
COMMENT ON COLUMN reporting.target.name IS 'its name at the vendor';
COMMENT ON COLUMN reporting.target.target IS 'the vendor''s own id of it, as JSON; empty while that is not known';
COMMENT ON COLUMN reporting.target.is_made IS 'whether we made it';
COMMENT ON COLUMN reporting.target.attempted_at IS 'when it was last looked for, or made';
COMMENT ON COLUMN reporting.target.known_at IS 'when its id was known';
COMMENT ON COLUMN reporting.target.last_event IS 'what was last done: as target_event.event';
COMMENT ON COLUMN reporting.target.last_event_at IS 'when that was';
COMMENT ON COLUMN reporting.target.last_actor IS 'by which run or command';

COMMENT ON VIEW reporting.target_event IS
    'What was done to targets, and by which run.';
COMMENT ON COLUMN reporting.target_event.at IS 'when';
COMMENT ON COLUMN reporting.target_event.vendor IS 'the vendor';
COMMENT ON COLUMN reporting.target_event.campaign IS 'our name of the campaign';
COMMENT ON COLUMN reporting.target_event.name IS 'its name at the vendor';
COMMENT ON COLUMN reporting.target_event.event IS 'found, asked_for, made, not_made, activated, paused, deleted or missed';
COMMENT ON COLUMN reporting.target_event.actor IS 'by which run or command';

COMMENT ON VIEW reporting.open_import IS
    'Imports that are not at their end: since when, and what happens next. A public contract: columns are added, and none renamed.';
COMMENT ON COLUMN reporting.open_import.import_id IS 'our number of the import';
COMMENT ON COLUMN reporting.open_import.vendor IS 'sinch, sobot, platform or jtel';
COMMENT ON COLUMN reporting.open_import.campaign IS 'our name of the campaign';
COMMENT ON COLUMN reporting.open_import.day IS 'the business day that it was planned for';
COMMENT ON COLUMN reporting.open_import.state IS 'planned, sending, submitted or unknown';
COMMENT ON COLUMN reporting.open_import.sent_count IS 'how many leads it carries';
COMMENT ON COLUMN reporting.open_import.attempts IS 'how often it was sent';
COMMENT ON COLUMN reporting.open_import.since IS 'when it came to be so';
COMMENT ON COLUMN reporting.open_import.next_action_at IS 'when that is due; of what is being sent, when its lease ends';
COMMENT ON COLUMN reporting.open_import.next_action IS 'what happens next, or what to do';
COMMENT ON COLUMN reporting.open_import.error_code IS 'why it waits: docs/operations.md, Reason codes';
COMMENT ON COLUMN reporting.open_import.detail IS 'why it waits, in words';
COMMENT ON COLUMN reporting.open_import.vendor_reference IS 'the name by which the vendor knows it';

COMMENT ON VIEW reporting.call_outcome IS
    'What became of the calls of a lead, as the vendor tells it. A public contract: columns are added, and none renamed.';
COMMENT ON COLUMN reporting.call_outcome.vendor IS 'the vendor';
COMMENT ON COLUMN reporting.call_outcome.campaign IS 'our name of the campaign';
COMMENT ON COLUMN reporting.call_outcome.day IS 'the business day of the delivery';
COMMENT ON COLUMN reporting.call_outcome.source IS 'lead or customer';
COMMENT ON COLUMN reporting.call_outcome.lead_id IS 'the id in the CRM, of the lead or customer';
COMMENT ON COLUMN reporting.call_outcome.result IS 'the vendor''s result of the lead';
COMMENT ON COLUMN reporting.call_outcome.call_result IS 'the vendor''s result of the last call';
COMMENT ON COLUMN reporting.call_outcome.classifier IS 'what the agent noted of it';
COMMENT ON COLUMN reporting.call_outcome.call_count IS 'how often the lead was called';
COMMENT ON COLUMN reporting.call_outcome.agent_id IS 'the vendor''s id of the agent';
COMMENT ON COLUMN reporting.call_outcome.changed_at IS 'when the vendor changed it last';
COMMENT ON COLUMN reporting.call_outcome.read_at IS 'when it was read';

COMMENT ON VIEW reporting.reference_entry IS
    'What vendors know, as of the last time that they were asked: agents, queues, time zones, lists, tasks, result codes.';
COMMENT ON COLUMN reporting.reference_entry.vendor IS 'the vendor';
COMMENT ON COLUMN reporting.reference_entry.kind IS 'what it is, such as agents or lists';
COMMENT ON COLUMN reporting.reference_entry.key IS 'the vendor''s id';
COMMENT ON COLUMN reporting.reference_entry.name IS 'its name';
COMMENT ON COLUMN reporting.reference_entry.aliases IS 'other words for it, such as a login';
COMMENT ON COLUMN reporting.reference_entry.detail IS 'what else the vendor says of it, as JSON';
COMMENT ON COLUMN reporting.reference_entry.first_seen_at IS 'when it was first seen';
COMMENT ON COLUMN reporting.reference_entry.changed_at IS 'when it changed last';
COMMENT ON COLUMN reporting.reference_entry.vanished_at IS 'since when the vendor does not show it any more; empty while it does';
COMMENT ON COLUMN reporting.reference_entry.refreshed_at IS 'when the vendor was last asked about its kind';

COMMENT ON VIEW reporting.reference_change IS
    'What appeared, changed, vanished or came back at a vendor.';
COMMENT ON COLUMN reporting.reference_change.at IS 'when that was noticed';
COMMENT ON COLUMN reporting.reference_change.vendor IS 'the vendor';
COMMENT ON COLUMN reporting.reference_change.kind IS 'what it is, such as agents or lists';
COMMENT ON COLUMN reporting.reference_change.key IS 'the vendor''s id';
COMMENT ON COLUMN reporting.reference_change.change IS 'appeared, changed, vanished or returned';
COMMENT ON COLUMN reporting.reference_change.before IS 'what it was before, as JSON';
COMMENT ON COLUMN reporting.reference_change.after IS 'what it is now, as JSON';
