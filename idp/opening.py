"""Opening a provider's keys, what is made of them, and its log: for the service and for commands alike."""

from __future__ import annotations

from dataclasses import replace
from datetime import timedelta
from urllib.parse import urlsplit

from idp.authentication.sealing import PersonVault
from idp.clients.certificates import TlsOffer
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy
from kernel.envelope import hmac_sha256
from kernel.keys import RULES, Hardware, KeyRing, Purpose
from kernel.ledger.log import Ledger
from kernel.settings import IdpSettings


def open_keys(settings: IdpSettings, clock: Clock, entropy: Entropy) -> KeyRing:
    """The provider's keys, rotating as configured. Raises KeyRingError."""
    tokens = replace(
        RULES[Purpose.JWS],
        lead=timedelta(hours=settings.signing_key_lead_hours),
        use=timedelta(days=settings.signing_key_days),
    )
    rules = {**RULES, Purpose.JWS: tokens}
    return KeyRing.load(settings.key_dir, clock=clock, entropy=entropy, rules=rules, hardware=hardware(settings))


def hardware(settings: IdpSettings) -> Hardware | None:
    """The token that signing keys lie in, where one is configured. Raises HardwareUnavailable.

    It stays configured while its last keys are in use, also when new ones are made in files again.
    """
    if settings.pkcs11_module is None:
        return None
    from kernel.keys.hardware import Pkcs11Token  # loaded where it is used: few installations have a token

    return Pkcs11Token(
        settings.pkcs11_module, settings.pkcs11_token, settings.pkcs11_pin, making=settings.keys == "pkcs11"
    )


def open_ledger(
    settings: IdpSettings, database: Database, keys: KeyRing, clock: Clock, entropy: Entropy, *, serving: bool
) -> Ledger:
    """The provider's own log; its origin is the issuer without its scheme."""
    return Ledger(
        database,
        origin=f"{urlsplit(settings.issuer).netloc}/v1/ledger",
        signer=keys.log_signer(),
        kek=keys.key_encryption_key(),
        tag_key=keys.secret(Purpose.TAG),
        clock=clock,
        entropy=entropy,
        serving=serving,
    )


def tls_offer(settings: IdpSettings) -> TlsOffer:
    """What of client certificates is switched on (RFC 8705)."""
    if not settings.trusted_proxies:
        return TlsOffer()
    return TlsOffer(True, settings.client_authorities is not None, settings.mtls_origin)


def vault(keys: KeyRing) -> PersonVault:
    """The vault of people's sealed data, with every version of the key-encryption key that may still be met."""
    return PersonVault(keys.key_encryption_key(), keys.secret(Purpose.INDEX))


def derived(keys: KeyRing, use: str) -> bytes:
    """A key of its own for each further use of the index secret (the same on every node)."""
    return hmac_sha256(keys.secret(Purpose.INDEX), f"idp {use} v1".encode())
