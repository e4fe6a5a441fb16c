"""Numbers that a lead has and its vendor has not."""

from sql.migrate import apply_file

revision = "0017"
down_revision = "0016"


def upgrade() -> None:
    """Apply `0017_numbers_of_rows.sql`."""
    apply_file("0017_numbers_of_rows.sql")
