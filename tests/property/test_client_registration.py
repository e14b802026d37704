"""Whatever is sent to the registration endpoint is answered with 201 or a 4xx, and never raises a client's rights."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from idp.clients.metadata import checking
from idp.clients.terms import admitted
from idp.errors import InvalidClientMetadataError
from idp.model.invitation import Terms
from tests.doubles.identity_provider import MARKET
from tests.doubles.relying_party import CALLBACK, key_pair

TERMS = Terms(MARKET, frozenset({"openid", "profile"}), frozenset({"authorization_code"}), {"tongban_profile": "fapi2"})
GOOD: dict[str, Any] = {
    "client_name": "Website",
    "redirect_uris": [CALLBACK],
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": {"keys": [key_pair()[1]]},
}
NAMES = st.sampled_from(sorted(checking._KNOWN | {"favourite_colour", "client_secret", ""}))
JSON_VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-3, 3) | st.floats(allow_nan=False) | st.text(max_size=12)
    | st.sampled_from(["openid", "governance", "https://[", "https://a.example/%", "http://127.0.0.1", "none"]),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from(["keys", "kty", "crv", "x"]), inner),
    max_leaves=6,
)  # fmt: skip


def admitted_or_refused(metadata: dict[str, Any]) -> dict[str, Any] | None:
    """None for a refusal, whose words fit into an OAuth error (RFC 6749 §5.2)."""
    try:
        return admitted(metadata, TERMS)
    except InvalidClientMetadataError as error:
        refusal = error
    assert refusal.description.isascii()
    return None


@given(st.dictionaries(NAMES, JSON_VALUES, max_size=5))
@settings(suppress_health_check=[HealthCheck.too_slow])
def test_metadata_are_admitted_within_the_terms_or_refused(metadata: dict[str, Any]) -> None:
    """M1."""
    data = admitted_or_refused(GOOD | metadata)
    if data is None:
        return
    assert data["tongban_organisation"] == MARKET
    assert data["tongban_profile"] == "fapi2"
    assert set(str(data["scope"]).split()) <= TERMS.scopes
    assert set(data["grant_types"]) <= TERMS.grant_types
    assert all(checking.understood(name) for name in data)


@pytest.mark.parametrize("name", sorted(checking._KNOWN))
@pytest.mark.parametrize("value", [None, 7, True, "", [], {}, [None], [[]], {"keys": [None]}, "\x00", "https://["])
def test_no_member_breaks_the_checks(name: str, value: Any) -> None:
    admitted_or_refused(GOOD | {name: value})
