"""Statistics that can be trusted."""

from sql.migrate import apply_file

revision = "0005"
down_revision = "0004"


def upgrade() -> None:
    """Apply `0005_statistics.sql`."""
    apply_file("0005_statistics.sql")
