"""Which offices were ever held, and by whom a link was made: the first administrator fills an office once (ADR 0019).

Links that wait were made by nobody knows whom, so they end: whoever was to use one asks for another.
"""

import json

import sqlalchemy as sa
from alembic import op

revision = "0035"
down_revision = "0034"

person = sa.table("person", sa.column("roles"))
proposal = sa.table("proposal", sa.column("command"), sa.column("outcome"), sa.column("facts"))
enrolment = sa.table("enrolment", sa.column("used_at"))


def upgrade() -> None:
    op.add_column("enrolment", sa.Column("invited_by", sa.String(40)))
    op.add_column("enrolment", sa.Column("proposal", sa.String(40)))
    held = op.create_table("office_held", sa.Column("role", sa.String(40), primary_key=True))
    connection = op.get_bind()
    connection.execute(sa.delete(enrolment).where(enrolment.c.used_at.is_(None)))
    known = {role for [roles] in connection.execute(sa.select(person.c.roles)) for role in roles.split()}
    changed = sa.select(proposal.c.facts).where(
        proposal.c.command == "people.change-roles", proposal.c.outcome == "confirmed"
    )
    for [facts] in connection.execute(changed):  # who held an office once may hold it no longer
        known.update(json.loads(facts)["before"])
    if known:
        op.bulk_insert(held, [{"role": role} for role in sorted(known)])
