"""Why an intake failed, and what is wrong with a list that was read."""

from sql.migrate import apply_file

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    """Apply `0012_intake_failures.sql`."""
    apply_file("0012_intake_failures.sql")
