"""Client metadata of CIBA (Core 1.0 §4): how the client learns that the person has answered."""

from __future__ import annotations

from collections.abc import Callable, Mapping

from idp.clients.metadata.keys import CLIENT_ALGORITHMS
from idp.errors import InvalidClientMetadataError
from idp.model.client import AuthMethod, GrantType
from kernel.canonical import JSON

MODE, ADDRESS, USER_CODE = (
    "backchannel_token_delivery_mode",
    "backchannel_client_notification_endpoint",
    "backchannel_user_code_parameter",
)
SIGNING = "backchannel_authentication_request_signing_alg"
MODES = ("poll", "ping")
"""Push hands tokens to an address, where nothing proves possession of a key: it does not exist here."""
UNKNOWN = "tongban_unknown_user_id"
"""Whether the operator lets a client know which hints name nobody."""
Metadata = Mapping[str, JSON]


def _uses(data: Metadata) -> bool:
    granted = data.get("grant_types")
    return isinstance(granted, list) and GrantType.CIBA.value in granted


def mode_is_poll_or_ping(data: Metadata) -> None:
    """§4: required with the grant; meaningless without it."""
    if _uses(data) and data.get(MODE) not in MODES:
        raise InvalidClientMetadataError(f"{MODE} must be one of {', '.join(MODES)}")
    if not _uses(data) and MODE in data:
        raise InvalidClientMetadataError(f"{MODE} needs the grant type {GrantType.CIBA.value}")


def pinged_client_has_an_address(data: Metadata) -> None:
    """§4: required for ping. That it is https, the check of all addresses says."""
    if (data.get(MODE) == "ping") != (ADDRESS in data):
        raise InvalidClientMetadataError(f"{ADDRESS} goes with {MODE} ping")


def user_codes_go_with_the_grant(data: Metadata) -> None:
    """§4: whether the client sends a `user_code`; here it then sends one with every request."""
    if data.get(USER_CODE) is True and not _uses(data):
        raise InvalidClientMetadataError(f"{USER_CODE} needs the grant type {GrantType.CIBA.value}")


def client_authenticates(data: Metadata) -> None:
    """§7.1: whoever has a person asked is known."""
    if _uses(data) and data.get("token_endpoint_auth_method") == AuthMethod.NONE.value:
        raise InvalidClientMetadataError("CIBA needs client authentication")


def requests_are_signed_by_a_published_key(data: Metadata) -> None:
    """§4, §7.1.1. A client that signs all its requests signs these too, or could not use the endpoint."""
    if SIGNING not in data:
        if _uses(data) and data.get("require_signed_request_object") is True:
            raise InvalidClientMetadataError(f"require_signed_request_object and CIBA need {SIGNING}")
        return
    if data[SIGNING] not in CLIENT_ALGORITHMS:
        raise InvalidClientMetadataError(f"{SIGNING} must be one of {', '.join(CLIENT_ALGORITHMS)}")
    if not _uses(data):
        raise InvalidClientMetadataError(f"{SIGNING} needs the grant type {GrantType.CIBA.value}")
    if "jwks" not in data and "jwks_uri" not in data:
        raise InvalidClientMetadataError("signed authentication requests need jwks or jwks_uri")


CHECKS: tuple[Callable[[Metadata], None], ...] = (
    mode_is_poll_or_ping,
    pinged_client_has_an_address,
    user_codes_go_with_the_grant,
    client_authenticates,
    requests_are_signed_by_a_published_key,
)
