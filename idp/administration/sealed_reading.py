"""What a clerk read on a document, sealed under the person's own key until a second clerk has read it, too."""

from __future__ import annotations

from sqlalchemy import Connection

from idp.authentication.sealing import PersonVault
from idp.model.proofing import WindowCheck
from idp.store import people
from kernel import canonical
from kernel.identifiers.subject import SubjectRef

_LONGEST = 100


def is_text(text: str) -> bool:
    """Whether it can be a name or a reference: neither empty nor too long."""
    return 0 < len(text.strip()) <= _LONGEST and text.isprintable()


def sealed(vault: PersonVault, wrapped: bytes, person: str, check: str, read: tuple[str, SubjectRef]) -> bytes:
    """Name and number as they stand on the document; ``wrapped`` is the person's data key, ``check`` its identifier."""
    name, subject = read
    claim = canonical.encode({"name": name.strip(), "number": subject.value})
    return vault.seal_more(person, wrapped, claim, _place(check))


def opened(vault: PersonVault, connection: Connection, check: WindowCheck) -> tuple[str, SubjectRef]:
    """What ``sealed`` sealed. Raises CannotOpen."""
    wrapped = people.data_key(connection, check.person)
    claim = canonical.decode(vault.open_more(check.person, wrapped, check.sealed, _place(check.id)))
    assert isinstance(claim, dict)  # our own encoding, authenticated by the seal
    return str(claim["name"]), SubjectRef("citizen-number", str(claim["number"]))


def _place(check_id: str) -> str:
    return f"window check {check_id}"
