"""No device of before is known: a name put into a shared browser was kept for everybody who signed in there.

Which names are such ones cannot be told. Each person hears of a new device, once for each that they sign in on again.
"""

import sqlalchemy as sa
from alembic import op

revision = "0039"
down_revision = "0038"


def upgrade() -> None:
    op.execute(sa.delete(sa.table("known_device")))
