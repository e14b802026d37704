"""Why a token, a proof or a key was refused: stable codes, never the refused content."""

from enum import StrEnum


class Reason(StrEnum):
    """Stable codes of refusals. They may stand in logs and ledgers: they hold nothing of the token."""

    TOO_LARGE = "too-large"
    MALFORMED = "malformed"
    FORBIDDEN_HEADER = "forbidden-header"
    WRONG_TYPE = "wrong-type"
    UNKNOWN_KEY = "unknown-key"
    WRONG_ALGORITHM = "wrong-algorithm"
    BAD_SIGNATURE = "bad-signature"
    MISSING_CLAIM = "missing-claim"
    MALFORMED_CLAIM = "malformed-claim"
    WRONG_ISSUER = "wrong-issuer"
    WRONG_SUBJECT = "wrong-subject"
    WRONG_AUDIENCE = "wrong-audience"
    EXPIRED = "expired"
    NOT_YET_VALID = "not-yet-valid"
    ISSUED_IN_FUTURE = "issued-in-future"
    LIFETIME_TOO_LONG = "lifetime-too-long"
    UNDECRYPTABLE = "undecryptable"
    PRIVATE_KEY = "private-key"
    WRONG_METHOD = "wrong-method"
    WRONG_URL = "wrong-url"
    WRONG_NONCE = "wrong-nonce"
    STALE = "stale"
    WRONG_TOKEN_HASH = "wrong-token-hash"  # noqa: S105 - a code, not a password
    WRONG_KEY = "wrong-key"


class Refused(Exception):
    """Base of both refusals; `reason` is one of `Reason` and is all that is ever told."""

    def __init__(self, reason: Reason) -> None:
        super().__init__(reason.value)
        self.reason = reason


class InvalidToken(Refused):
    """The token is not one we accept."""


class InvalidProof(Refused):
    """The DPoP proof is not one we accept (RFC 9449 §4.3)."""


class SignerUnavailable(Exception):
    """The private key lies elsewhere, and what holds it does not sign now. Nothing was signed."""


class InvalidKey(ValueError):
    """A JWK that cannot be registered; the message says what is wrong with it and never shows its content."""
