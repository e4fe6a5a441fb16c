"""Rows as CSV in one text."""

from sql.migrate import apply_file

revision = "0008"
down_revision = "0007"


def upgrade() -> None:
    """Apply `0008_csv_fields.sql`."""
    apply_file("0008_csv_fields.sql")
