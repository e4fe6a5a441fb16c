"""The Dagster code location and the logic it calls."""
