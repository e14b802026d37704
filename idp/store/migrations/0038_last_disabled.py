"""When an account was disabled last, kept when it is enabled: what clerks had under way before does not come back."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0038"
down_revision = "0037"


def upgrade() -> None:
    op.add_column("person", sa.Column("last_disabled_at", Instant))
    person = sa.table("person", sa.column("disabled_at", Instant), sa.column("last_disabled_at", Instant))
    op.execute(sa.update(person).values(last_disabled_at=person.c.disabled_at).where(person.c.disabled_at.is_not(None)))
