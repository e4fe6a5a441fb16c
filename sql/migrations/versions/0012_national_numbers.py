"""Entries of the do-not-call list that name no country."""

from sql.migrate import apply_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply `0012_national_numbers.sql`."""
    apply_file("0012_national_numbers.sql")
