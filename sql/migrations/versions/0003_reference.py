"""What vendors know, with history."""

from sql.migrate import apply_file

revision = "0003"
down_revision = "0002"


def upgrade() -> None:
    """Apply `0003_reference.sql`."""
    apply_file("0003_reference.sql")
