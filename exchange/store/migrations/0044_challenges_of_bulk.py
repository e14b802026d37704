"""An entry of a file with many people's records is challenged once by each of them."""

from alembic import op

revision = "0044"
down_revision = "0043"


def upgrade() -> None:
    """Once an entry and person, instead of once an entry."""
    with op.batch_alter_table("challenge") as batch:
        batch.drop_constraint("challenge_once", type_="unique")
        batch.create_unique_constraint("challenge_once", ["entry", "subject"])
