"""Why an intake failed, and what is wrong with a list that was read."""

from sql.migrate import apply_file

revision = "0013"
down_revision = "0012"


def upgrade() -> None:
    """Apply `0013_intake_failures.sql`."""
    apply_file("0013_intake_failures.sql")
