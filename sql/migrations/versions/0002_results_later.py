"""Vendors that tell later, targets that are made, updates."""

from sql.migrate import apply_file

revision = "0002"
down_revision = "0001"


def upgrade() -> None:
    """Apply `0002_results_later.sql`."""
    apply_file("0002_results_later.sql")
