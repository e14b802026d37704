"""Recovery codes: ten look-up secrets kept on paper (NIST SP 800-63B-4 §3.1.2), each good once."""

from __future__ import annotations

from dataclasses import dataclass, field

from sqlalchemy import Connection

from idp.authentication import told
from idp.notices import Notices
from idp.store import second_factors
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.envelope import hmac_sha256

HOW_MANY = 10
_LETTERS = "0123456789ABCDEFGHJKMNPQRSTVWXYZ"  # Crockford's base32: nothing that is read for something else
_READ_AS = str.maketrans({"O": "0", "I": "1", "L": "1", "-": None, " ": None})
_LENGTH = 16
"""80 bits each. Kept under a key that is not in the database, so that a stolen table cannot be searched (§3.1.2.2)."""


@dataclass(frozen=True, slots=True)
class RecoveryCodes:
    """Makes and spends recovery codes."""

    database: Database
    notices: Notices
    clock: Clock
    entropy: Entropy
    key: bytes = field(repr=False)

    def renew(self, connection: Connection, person_id: str, codes: tuple[str, ...]) -> None:
        """Keep a fresh set; the old one ends with it."""
        hashes = [self._hash(person_id, code) for code in codes]
        second_factors.replace_recovery_codes(connection, person_id, hashes, self.clock.now())

    def fresh(self) -> tuple[str, ...]:
        """Ten codes to be shown once."""
        return tuple(self._code() for _ in range(HOW_MANY))

    def left(self, person_id: str) -> int:
        """How many are left."""
        with self.database.read() as connection:
            return second_factors.recovery_codes_left(connection, person_id)

    def is_good(self, person_id: str, text: str) -> bool:
        """Whether this is a code that was not used yet; it stays so."""
        with self.database.read() as connection:
            return second_factors.has_recovery_code(connection, person_id, self._hash(person_id, text))

    def spend(self, connection: Connection, person_id: str, text: str) -> bool:
        """Use a code up, and tell its owner, in the transaction of what it is used for: True once."""
        digest = self._hash(person_id, text)
        if not second_factors.spend_recovery_code(connection, person_id, digest, self.clock.now()):
            return False
        left = second_factors.recovery_codes_left(connection, person_id)
        self.notices.send(connection, person_id, told.RECOVERY_CODE_USED, left=str(left))
        return True

    def _code(self) -> str:
        letters = "".join(_LETTERS[byte % 32] for byte in self.entropy.bytes(_LENGTH))
        return "-".join(letters[at : at + 4] for at in range(0, _LENGTH, 4))

    def _hash(self, person_id: str, text: str) -> bytes:
        plain = text[:100].upper().translate(_READ_AS)
        return hmac_sha256(self.key, f"{person_id}\0{plain}".encode())
