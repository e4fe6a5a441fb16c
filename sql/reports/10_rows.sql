-- Leads and customers in one shape.
CREATE VIEW crm.rows AS
SELECT 'lead' AS source, leads.* FROM crm.leads
UNION ALL
SELECT 'customer' AS source, customers.* FROM crm.customers;
