"""What planning refused is found at once."""

from sql.migrate import apply_file

revision = "0006"
down_revision = "0005"


def upgrade() -> None:
    """Apply `0006_refused_by_plan.sql`."""
    apply_file("0006_refused_by_plan.sql")
