"""When a day is to be planned, if that is asked for again."""

from sql.migrate import apply_file

revision = "0018"
down_revision = "0017"


def upgrade() -> None:
    """Apply `0018_asked_again.sql`."""
    apply_file("0018_asked_again.sql")
