-- Dagster keeps its own storage beside the ledger.
CREATE DATABASE dagster;
