"""What is to be planned, and which loads were asked for."""

from sql.migrate import apply_file

revision = "0015"
down_revision = "0014"


def upgrade() -> None:
    """Apply `0015_to_plan.sql`."""
    apply_file("0015_to_plan.sql")
