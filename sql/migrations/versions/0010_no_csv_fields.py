"""Rows as Postgres writes them."""

from sql.migrate import apply_file

revision = "0010"
down_revision = "0009"


def upgrade() -> None:
    """Apply `0010_no_csv_fields.sql`."""
    apply_file("0010_no_csv_fields.sql")
