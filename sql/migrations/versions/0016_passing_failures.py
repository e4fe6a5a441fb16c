"""Which failures of vendors may be over later."""

from sql.migrate import apply_file

revision = "0016"
down_revision = "0015"


def upgrade() -> None:
    """Apply `0016_passing_failures.sql`."""
    apply_file("0016_passing_failures.sql")
