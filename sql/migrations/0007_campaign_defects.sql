-- Why a campaign that the CRM lists cannot be loaded. Its leads are decided and wait; the other campaigns are loaded.
ALTER TABLE crm.campaigns ADD COLUMN defect text;
