"""How grants were used is counted once, a row for each grant and day, not over ninety days of the log each time."""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    """Two tables. Nothing is counted yet: the first minutes of housekeeping read the log from its beginning."""
    op.create_table(
        "grant_use",
        sa.Column("grant_ref", sa.Text, nullable=False, primary_key=True),
        sa.Column("day", sa.Text, nullable=False, primary_key=True),
        sa.Column("releases", sa.BigInteger, nullable=False),
        sa.Column("last", sa.BigInteger, nullable=False),
        sa.Column("fields", sa.Text, nullable=False),
        sa.Column("predicates", sa.Text, nullable=False),
    )
    op.create_index("grant_use_day", "grant_use", ["day"])
    op.create_table(
        "grant_use_counted",
        sa.Column("one", sa.Integer, nullable=False, primary_key=True, autoincrement=False),
        sa.Column("entry", sa.BigInteger, nullable=False),
        sa.CheckConstraint("one = 1", name="grant_use_counted_is_one_row"),
    )
    op.execute("INSERT INTO grant_use_counted (one, entry) VALUES (1, -1)")
