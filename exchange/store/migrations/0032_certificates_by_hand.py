"""Changes of certificates in the order of the log, and who recorded them by hand, with which reason."""

import sqlalchemy as sa
from alembic import op

revision = "0032"
down_revision = "0031"

_NAME = {
    "sqlite": "'cert_' || substr(lower(hex(c.certificate)), 1, 32)",
    "postgresql": "'cert_' || substr(encode(c.certificate, 'hex'), 1, 32)",
}
"""What the log calls a certificate."""


def upgrade() -> None:
    """Whose each change is stands with its certificate; where the log says so, it is found by name and revision."""
    for name in ("organisation", "reason", "officer"):
        op.add_column("certificate_change", sa.Column(name, sa.Text, nullable=False, server_default=""))
    op.add_column("certificate_change", sa.Column("entry", sa.BigInteger, nullable=False, server_default="-1"))
    op.execute(
        "UPDATE certificate_change SET organisation = "
        "(SELECT c.organisation FROM certificate c WHERE c.certificate = certificate_change.certificate)"
    )
    name = _NAME[op.get_bind().dialect.name].replace("c.certificate", "certificate_change.certificate")
    op.execute(
        "UPDATE certificate_change SET entry = COALESCE((SELECT e.idx FROM ledger_entry e "  # noqa: S608 - our own words
        f"WHERE e.request = {name} AND e.item = CAST(certificate_change.revision AS TEXT) "
        "AND e.event = 'CertificateChanged'), -1)"
    )
    op.create_index("certificate_change_recorded", "certificate_change", ["organisation", "entry"])
