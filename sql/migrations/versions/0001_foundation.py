"""Schemas crm, ledger, reference and reporting."""

from sql.migrate import apply_file

revision = "0001"
down_revision = None


def upgrade() -> None:
    """Apply `0001_foundation.sql`."""
    apply_file("0001_foundation.sql")
