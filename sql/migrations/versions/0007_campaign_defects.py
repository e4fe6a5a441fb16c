"""Campaigns of the CRM that cannot be loaded."""

from sql.migrate import apply_file

revision = "0007"
down_revision = "0006"


def upgrade() -> None:
    """Apply `0007_campaign_defects.sql`."""
    apply_file("0007_campaign_defects.sql")
