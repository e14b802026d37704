"""The two ceremonies of WebAuthn, as far as they are arithmetic: options out, answers checked. No database.

Web Authentication Level 3 §7.1 and §7.2, by the `webauthn` library. User verification is always required: that is what
makes a passkey two factors. Attestation is not asked for: which make of device people own is none of our business.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from ipaddress import ip_address
from typing import cast
from urllib.parse import urlsplit

import webauthn
from cryptography import x509
from cryptography.exceptions import UnsupportedAlgorithm
from webauthn.helpers import base64url_to_bytes, options_to_json_dict, parse_client_data_json
from webauthn.helpers.exceptions import WebAuthnException
from webauthn.helpers.structs import (
    AuthenticatorSelectionCriteria,
    AuthenticatorTransport,
    CredentialDeviceType,
    PublicKeyCredentialDescriptor,
    ResidentKeyRequirement,
    UserVerificationRequirement,
)

from idp.model.passkey import Passkey
from idp.model.person import Person
from kernel.canonical import JSON, MalformedJson, decode

MAX_BYTES = 16 * 1024
LONGEST_CREDENTIAL_ID = 1023
"""Bytes, of a new one (§7.1 step 25)."""
SECONDS = 300
MOST_TRANSPORTS = 6
SERVICE = "Tongban 通办"
_REQUIRED = UserVerificationRequirement.REQUIRED
_UNSOUND = (
    *(WebAuthnException, UnsupportedAlgorithm, x509.InvalidVersion, x509.DuplicateExtension),
    *(x509.UnsupportedGeneralNameType, ValueError, TypeError, LookupError, AttributeError),
)
"""What the library raises for keys and for statements of devices, which nobody asked for and browsers may send."""


class PasskeyRefused(Exception):
    """The answer does not prove possession of a passkey; the text says nothing that came from outside."""


@dataclass(frozen=True, slots=True)
class Registered:
    """A new credential, checked."""

    credential_id: bytes = field(repr=False)
    public_key: bytes = field(repr=False)
    sign_count: int
    transports: tuple[str, ...]
    bound: bool
    backed_up: bool


@dataclass(frozen=True, slots=True)
class Answer:
    """An authenticator's answer before it is checked: which credential it names, and which challenge it answers."""

    credential: Mapping[str, JSON] = field(repr=False)
    credential_id: bytes = field(repr=False)
    challenge: bytes = field(repr=False)
    user_handle: str | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Shown:
    """A passkey that was shown: its new counter and whether it is backed up."""

    sign_count: int
    backed_up: bool


class Ceremonies:
    """Both ceremonies for one origin: the relying party is the issuer's own host."""

    def __init__(self, issuer: str) -> None:
        parts = urlsplit(issuer)
        self.rp_id = parts.hostname or ""
        self.origin = f"{parts.scheme}://{parts.netloc}"

    @property
    def possible(self) -> bool:
        """Whether browsers offer passkeys here: they need a domain name (WebAuthn Level 3 §5.1.2, effective domain)."""
        try:
            ip_address(self.rp_id)
        except ValueError:
            return True
        return False

    def creation(self, person: Person, challenge: bytes, present: Iterable[Passkey]) -> JSON:
        """Options for ``navigator.credentials.create``: discoverable, user verified, not a second on one device."""
        options = webauthn.generate_registration_options(
            rp_id=self.rp_id,
            rp_name=SERVICE,
            user_name=person.username,
            user_display_name=person.name,
            user_id=person.id.encode(),
            challenge=challenge,
            timeout=SECONDS * 1000,
            authenticator_selection=AuthenticatorSelectionCriteria(
                resident_key=ResidentKeyRequirement.REQUIRED, user_verification=_REQUIRED
            ),
            exclude_credentials=_descriptors(present),
        )
        return cast("JSON", options_to_json_dict(options))

    def request(self, challenge: bytes, allowed: Iterable[Passkey]) -> JSON:
        """Options for ``navigator.credentials.get``; without ``allowed`` the person chooses, and names nobody first."""
        options = webauthn.generate_authentication_options(
            rp_id=self.rp_id,
            challenge=challenge,
            timeout=SECONDS * 1000,
            allow_credentials=_descriptors(allowed),
            user_verification=_REQUIRED,
        )
        return cast("JSON", options_to_json_dict(options))

    def registered(self, answer: Answer) -> Registered:
        """The new credential. Raises PasskeyRefused."""
        try:
            verified = webauthn.verify_registration_response(
                credential=dict(answer.credential),
                expected_challenge=answer.challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                require_user_verification=True,
            )
        except _UNSOUND:
            raise PasskeyRefused("the registration does not verify") from None
        if len(verified.credential_id) > LONGEST_CREDENTIAL_ID:
            raise PasskeyRefused("the credential's identifier is too long")
        return Registered(
            credential_id=verified.credential_id,
            public_key=verified.credential_public_key,
            sign_count=verified.sign_count,
            transports=_transports(answer.credential),
            bound=verified.credential_device_type is CredentialDeviceType.SINGLE_DEVICE,
            backed_up=verified.credential_backed_up,
        )

    def shown(self, answer: Answer, passkey: Passkey) -> Shown:
        """The passkey's answer, checked; its counter is compared where it is stored. Raises PasskeyRefused."""
        if answer.user_handle is not None and answer.user_handle != passkey.person:  # §7.2 step 6
            raise PasskeyRefused("the user handle is another person's")
        try:
            verified = webauthn.verify_authentication_response(
                credential=dict(answer.credential),
                expected_challenge=answer.challenge,
                expected_rp_id=self.rp_id,
                expected_origin=self.origin,
                credential_public_key=passkey.public_key,
                credential_current_sign_count=0,
                require_user_verification=True,
            )
        except _UNSOUND:
            raise PasskeyRefused("the answer does not verify") from None
        if (verified.credential_device_type is CredentialDeviceType.SINGLE_DEVICE) is not passkey.bound:
            raise PasskeyRefused("backup eligibility has changed")  # §7.2 step 19
        return Shown(verified.new_sign_count, verified.credential_backed_up)


def parse(text: str) -> Answer:
    """What a browser sends (``PublicKeyCredential.toJSON``), of a page of ours that nobody frames.

    Raises PasskeyRefused.
    """
    try:
        credential = decode(text, max_bytes=MAX_BYTES)
        if not isinstance(credential, dict) or not isinstance(credential.get("response"), dict):
            raise PasskeyRefused("not a credential")
        response = cast("dict[str, JSON]", credential["response"])
        said = base64url_to_bytes(str(response.get("clientDataJSON", "")))
        framed = "topOrigin" in cast("dict[str, JSON]", decode(said))  # read by our own reader first: it bounds depth
        client_data, own = parse_client_data_json(said), base64url_to_bytes(str(credential.get("rawId", "")))
        handle = response.get("userHandle")
        named = base64url_to_bytes(handle).decode() if isinstance(handle, str) and handle else None
    except (MalformedJson, WebAuthnException, ValueError, TypeError, KeyError, AttributeError):
        raise PasskeyRefused("not a credential") from None
    if client_data.cross_origin or framed:  # §7.1 steps 10 and 11, §7.2 steps 13 and 14
        raise PasskeyRefused("a page of another site asked, with ours in a frame")
    return Answer(credential, own, client_data.challenge, named)


def _descriptors(passkeys: Iterable[Passkey]) -> list[PublicKeyCredentialDescriptor]:
    return [
        PublicKeyCredentialDescriptor(
            id=each.credential_id, transports=[AuthenticatorTransport(name) for name in each.transports] or None
        )
        for each in passkeys
    ]


def _transports(credential: Mapping[str, JSON]) -> tuple[str, ...]:
    """The known ones of what the browser says (§5.2.1.1); they only help it to find the passkey again."""
    response = credential.get("response")
    named = response.get("transports") if isinstance(response, dict) else None
    known = [each.value for each in AuthenticatorTransport]
    return tuple(name for name in known if isinstance(named, list) and name in named)[:MOST_TRANSPORTS]
