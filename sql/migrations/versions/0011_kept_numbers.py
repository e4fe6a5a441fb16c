"""Numbers that a vendor may have of a lead that has them no more."""

from sql.migrate import apply_file

revision = "0011"
down_revision = "0010"


def upgrade() -> None:
    """Apply `0011_kept_numbers.sql`."""
    apply_file("0011_kept_numbers.sql")
