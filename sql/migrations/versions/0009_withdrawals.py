"""Leads that are taken back."""

from sql.migrate import apply_file

revision = "0009"
down_revision = "0008"


def upgrade() -> None:
    """Apply `0009_withdrawals.sql`."""
    apply_file("0009_withdrawals.sql")
