"""What a database thief must not read of a person: sealed under a key of the person's own, found by a blind index."""

from __future__ import annotations

from dataclasses import dataclass, field

from idp.store.people import SealedSecrets
from kernel import canonical
from kernel.envelope import KeyEncryptionKey, blind_index, data_key, open_, seal
from kernel.identifiers.subject import SubjectRef

_SUBJECT = "subject"
_TOTP = "totp"


@dataclass(frozen=True, slots=True)
class PersonVault:
    """Seals and opens what is sealed. Deleting a person's wrapped data key erases all of it."""

    kek: KeyEncryptionKey
    index_key: bytes = field(repr=False)

    def seal(self, person_id: str, subject: SubjectRef | None, totp_secret: str | None) -> SealedSecrets:
        """The sealed form of a new person's identifier and TOTP secret."""
        key = data_key()
        return SealedSecrets(
            data_key=self.kek.wrap(key),
            subject=None if subject is None else seal(key, _encoded(subject), _place(person_id, _SUBJECT)),
            subject_index=None if subject is None else self.index(subject),
            totp=None if totp_secret is None else seal(key, totp_secret.encode(), _place(person_id, _TOTP)),
        )

    def index(self, subject: SubjectRef) -> bytes:
        """Finds an account by its identifier, without the identifier being stored."""
        return blind_index(self.index_key, f"{subject.scheme}\0{subject.value}")

    def open_subject(self, person_id: str, sealed: SealedSecrets) -> SubjectRef | None:
        """The identifier of a person; None for an account without one."""
        if sealed.subject is None:
            return None
        stored = canonical.decode(open_(self.kek.unwrap(sealed.data_key), sealed.subject, _place(person_id, _SUBJECT)))
        assert isinstance(stored, dict)  # our own encoding, authenticated by the seal
        scheme = stored["scheme"]
        return SubjectRef(
            "social-credit-code" if scheme == "social-credit-code" else "citizen-number", str(stored["value"])
        )

    def open_totp(self, person_id: str, sealed: SealedSecrets) -> str | None:
        """The TOTP secret of a person; None for an account without one."""
        if sealed.totp is None:
            return None
        return open_(self.kek.unwrap(sealed.data_key), sealed.totp, _place(person_id, _TOTP)).decode()

    def seal_subject(self, person_id: str, wrapped: bytes, subject: SubjectRef) -> tuple[bytes, bytes]:
        """The sealed identifier of an account that had none, and its blind index."""
        return self.seal_more(person_id, wrapped, _encoded(subject), _SUBJECT), self.index(subject)

    def seal_more(self, person_id: str, wrapped: bytes, plaintext: bytes, place: str) -> bytes:
        """Something further of a person, under the person's own key; ``place`` names the row it belongs to."""
        return seal(self.kek.unwrap(wrapped), plaintext, _place(person_id, place))

    def open_more(self, person_id: str, wrapped: bytes, sealed: bytes, place: str) -> bytes:
        """What ``seal_more`` sealed. Raises CannotOpen."""
        return open_(self.kek.unwrap(wrapped), sealed, _place(person_id, place))


def _encoded(subject: SubjectRef) -> bytes:
    return canonical.encode({"scheme": subject.scheme, "value": subject.value})


def _place(person_id: str, column: str) -> bytes:
    """Associated data: sealed values cannot be moved between people or columns."""
    return f"idp.person\0{person_id}\0{column}".encode()
