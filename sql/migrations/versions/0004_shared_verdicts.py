"""Verdicts that an import's entries share."""

from sql.migrate import apply_file

revision = "0004"
down_revision = "0003"


def upgrade() -> None:
    """Apply `0004_shared_verdicts.sql`."""
    apply_file("0004_shared_verdicts.sql")
