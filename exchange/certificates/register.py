"""Where certificates are found: by a keyed index of their identifiers, or by holder and kind."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import datetime

from connectors.base import CertificateWord
from exchange.catalogue.model import EvidenceType
from exchange.certificates.standing import FoundBy, OnRecord
from exchange.store import certificates
from kernel.canonical import JSON
from kernel.database import Database
from kernel.envelope import blind_index
from kernel.identifiers import certificate_id
from kernel.identifiers.errors import InvalidIdentifier


@dataclass(frozen=True, slots=True)
class Register:
    """Finds certificates by a keyed index of their identifiers."""

    key: bytes = field(repr=False)

    def index(self, identifier: str) -> bytes:
        """Under which a certificate is kept."""
        return blind_index(self.key, f"certificate\n{identifier}")

    def of_record(
        self,
        database: Database,
        kind: EvidenceType,
        holder: bytes,
        values: Mapping[str, JSON],
        word: CertificateWord | None,
        now: datetime,
    ) -> OnRecord:
        """How the certificate stands that a record is, in one query (ADR 0093). Raises DatabaseUnavailable.

        By the identifier that the record bears; where it bears none, by its holder (blind index) and kind. What is
        another holder's, or of another kind, looks like none. ``word``: how another exchange says that it stands.
        """
        identifier = _identifier(values.get(kind.certificate_identifier or ""))
        index = None if identifier is None else self.index(identifier)
        with database.read() as connection:
            found = certificates.of_holder(connection, kind.code, holder, index)
        return OnRecord(found, FoundBy.HOLDER if identifier is None else FoundBy.IDENTIFIER, now, word)


def _identifier(value: JSON) -> str | None:
    """The identifier a record bears, as it is kept; None for what is none."""
    try:
        return certificate_id.parse(value).value if isinstance(value, str) else None
    except InvalidIdentifier:
        return None
