"""Passkeys, recovery codes, codes sent to people, authenticator apps being set up, known devices."""

import sqlalchemy as sa
from alembic import op

from kernel.database import Instant

revision = "0012"
down_revision = "0011"


def upgrade() -> None:
    passkeys()
    second_factors()
    devices()


def passkeys() -> None:
    op.create_table(
        "passkey",
        sa.Column("id", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("credential_id", sa.LargeBinary, nullable=False, unique=True),
        sa.Column("public_key", sa.LargeBinary, nullable=False),
        sa.Column("sign_count", sa.BigInteger, nullable=False),
        sa.Column("transports", sa.String(100), nullable=False),
        sa.Column("bound", sa.Integer, nullable=False),
        sa.Column("backed_up", sa.Integer, nullable=False),
        sa.Column("name", sa.String(60), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("last_used_at", Instant),
    )
    op.create_index("passkey_person", "passkey", ["person"])
    op.create_table(
        "passkey_challenge",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("purpose", sa.String(10), nullable=False),
        sa.Column("browser", sa.LargeBinary(32), nullable=False),
        sa.Column("person", sa.String(40)),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.create_index("passkey_challenge_expires_at", "passkey_challenge", ["expires_at"])


def second_factors() -> None:
    op.create_table(
        "recovery_code",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("created_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_index("recovery_code_person", "recovery_code", ["person"])
    op.create_table(
        "sent_code",
        sa.Column("channel", sa.String(40), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), nullable=False),
        sa.Column("hash", sa.LargeBinary(32), nullable=False),
        sa.Column("tries", sa.Integer, nullable=False),
        sa.Column("sent_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
        sa.Column("used_at", Instant),
    )
    op.create_index("sent_code_expires_at", "sent_code", ["expires_at"])
    op.create_table(
        "totp_enrolment",
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("sealed", sa.LargeBinary, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.add_column("contact_channel", sa.Column("codes_since", Instant))


def devices() -> None:
    op.create_table(
        "known_device",
        sa.Column("hash", sa.LargeBinary(32), primary_key=True),
        sa.Column("person", sa.String(40), sa.ForeignKey("person.id"), primary_key=True),
        sa.Column("first_at", Instant, nullable=False),
        sa.Column("seen_at", Instant, nullable=False),
        sa.Column("expires_at", Instant, nullable=False),
    )
    op.create_index("known_device_expires_at", "known_device", ["expires_at"])
    op.add_column("web_session", sa.Column("device", sa.String(40)))
    op.add_column("web_session", sa.Column("network", sa.String(50)))
    op.create_index("web_session_person", "web_session", ["person"])
