"""All numbers that a vendor has of a lead, each in its place."""

from sql.migrate import apply_file

revision = "0014"
down_revision = "0013"


def upgrade() -> None:
    """Apply `0014_numbers_in_their_places.sql`."""
    apply_file("0014_numbers_in_their_places.sql")
