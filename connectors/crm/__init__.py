"""Leads, customers and reference tables as people have them: CSV files and databases."""
