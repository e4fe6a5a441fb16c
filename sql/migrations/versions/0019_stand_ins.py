"""Leads that go in the place of one with their number."""

from sql.migrate import apply_file

revision = "0019"
down_revision = "0018"


def upgrade() -> None:
    """Apply `0019_stand_ins.sql`."""
    apply_file("0019_stand_ins.sql")
