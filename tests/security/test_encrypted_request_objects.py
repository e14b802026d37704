"""A6: encrypted request objects (RFC 9101 §6.1). Who sent it, the signature inside says."""

from __future__ import annotations

import json
from typing import Any

import pytest
from joserfc import jwe
from joserfc.jwk import ECKey, OctKey

from idp.clients.metadata.checking import checked
from idp.errors import InvalidClientMetadataError
from kernel.jose import MAX_TOKEN_BYTES
from tests.doubles.browser import Browser, parameters
from tests.doubles.identity_provider import MARKET, Provider
from tests.doubles.relying_party import RelyingParty, claims_of, key_pair, raw_jws


def published(party: RelyingParty) -> dict[str, Any]:
    """The provider's encryption key, as anybody finds it: discovery, `jwks_uri`, `use: enc`."""
    metadata = party.http.get("/.well-known/openid-configuration").json
    keys = party.http.get(metadata["jwks_uri"].removeprefix(metadata["issuer"])).json["keys"]
    [key] = [each for each in keys if each["use"] == "enc"]
    assert key["alg"] in metadata["request_object_encryption_alg_values_supported"]
    assert "d" not in key
    return dict(key)


def sealed(party: RelyingParty, inside: str | bytes, *, key: Any = None, to: Any = None, **header: Any) -> str:
    """Encrypted by somebody else's library, as a client would."""
    to = to or published(party)
    head = {"alg": "ECDH-ES", "enc": "A256GCM", "kid": to["kid"], "cty": "oauth-authz-req+jwt"} | header
    recipient = key or ECKey.import_key({name: to[name] for name in ("kty", "crv", "x", "y")})
    allowed = [head["alg"], head["enc"], "A128KW", "A256KW", "DEF"]
    body = inside if isinstance(inside, bytes) else inside.encode()
    return jwe.encrypt_compact(head, body, recipient, algorithms=allowed)


def refused(party: RelyingParty, text: str) -> None:
    """400 where it is pushed; told to the registered address where a browser brings it; nothing is begun by either."""
    pushed = party.form("/par", {"client_id": party.id, "request": text})
    assert (pushed.status_code, pushed.json["error"]) == (400, "invalid_request_object"), pushed.text
    sent = Browser(party.provider).get(party.authorize_url(request=text))
    assert sent.status_code == 303, sent.text
    assert parameters(sent.headers["Location"])["error"] == "invalid_request_object"


def test_a_signed_and_encrypted_request_is_the_whole_request(party: RelyingParty) -> None:
    """RFC 9101 §6.1 and §6.3: pushed and through a browser; parameters beside it are ignored."""
    inside = party.request_object(state="inside", claims={"id_token": {"name": None}})
    back = Browser(party.provider).walk(party.authorize_url(request=sealed(party, inside), state="outside"))
    assert back["state"] == "inside"
    assert claims_of(party.redeem(back["code"]).json["id_token"])["name"] == "王小明"
    pushed = party.form("/par", {"request": sealed(party, party.request_object(state="pushed"))}).json["request_uri"]
    back = Browser(party.provider).walk(f"/authorize?client_id={party.id}&request_uri={pushed}")
    assert back["state"] == "pushed"


def test_A6_what_is_inside_is_checked_as_if_it_stood_alone(party: RelyingParty) -> None:
    """Unsigned, unsecured, by a stranger, by another algorithm, for another audience, expired, twice encrypted."""
    claims = {"client_id": party.id, "response_type": "code"}
    stranger, _ = key_pair()
    for inside in (
        json.dumps(claims),
        raw_jws({"alg": "none", "typ": "oauth-authz-req+jwt"}, claims, None),
        party.request_object(key=stranger),
        party.request_object(header={"alg": "RS256"}),
        party.request_object(aud="https://other.example"),
        party.request_object(exp=int(party.provider.clock.now().timestamp()) - 3600),
        sealed(party, party.request_object()),
        b"\xff\xfe",
        b"",
    ):
        refused(party, sealed(party, inside))


def test_A6_only_to_our_key_and_only_as_we_say(party: RelyingParty) -> None:
    """Another's key, another `kid`, compression, other algorithms, a password, keys brought along, a changed byte."""
    inside = party.request_object()
    *most, tag = sealed(party, inside).split(".")
    for text in (
        sealed(party, inside, key=ECKey.generate_key("P-256")),
        sealed(party, inside, kid="other"),
        sealed(party, inside, zip="DEF"),
        sealed(party, inside, enc="A128GCM"),
        sealed(party, inside, alg="ECDH-ES+A256KW"),
        sealed(party, inside, alg="dir", key=OctKey.generate_key(256)),
        sealed(party, inside, jku="https://evil.example/jwks"),
        ".".join([*most, ("A" if tag[0] != "A" else "B") + tag[1:]]),
        ".".join([*most, tag[:8]]),
        "....",
        "a.b.c.d.e",
    ):
        refused(party, text)
    assert party.provider.outgoing == [], "nothing is fetched, nor from where the object says"


def test_A6_an_object_that_is_too_large_is_not_opened(party: RelyingParty) -> None:
    text = sealed(party, party.request_object(state="x" * 13_000))
    assert len(text) > MAX_TOKEN_BYTES
    pushed = party.form("/par", {"client_id": party.id, "request": text})
    assert (pushed.status_code, pushed.json["error"]) == (400, "invalid_request_object")
    assert "too-large" in pushed.json["error_description"]


@pytest.mark.parametrize(("minutes", "status"), [(6, 201), (90, 400)])
def test_a_key_that_was_replaced_opens_for_an_hour(party: RelyingParty, minutes: int, status: int) -> None:
    """Clients keep a key set for minutes; after the overlap the old key opens nothing."""
    old = published(party)
    party.provider.keys.rotate("jwe")
    party.provider.clock.advance(minutes * 60)
    assert published(party)["kid"] != old["kid"]
    asked = party.form("/par", {"request": sealed(party, party.request_object(), to=old)})
    assert asked.status_code == status, asked.text


OURS = {"request_object_encryption_alg": "ECDH-ES", "request_object_encryption_enc": "A256GCM"}


@pytest.mark.parametrize(
    ("metadata", "wrong"),
    [
        (OURS | {"request_object_encryption_alg": "RSA-OAEP"}, "must be ECDH-ES"),
        (OURS | {"request_object_encryption_enc": "A128GCM"}, "must be A256GCM"),
        ({"request_object_encryption_alg": "ECDH-ES"}, "go together"),
        ({"request_object_encryption_enc": "A256GCM"}, "go together"),
        (OURS | {"request_object_encryption_alg": 5}, "must be a string"),
    ],
)
def test_what_discovery_does_not_name_is_not_registered(metadata: dict[str, Any], wrong: str) -> None:
    """OpenID Connect Dynamic Client Registration 1.0 §2."""
    registered = {"client_name": "c", "redirect_uris": ["https://c.example/cb"], "tongban_organisation": MARKET}
    with pytest.raises(InvalidClientMetadataError, match=wrong):
        checked({**registered, **metadata})


def test_a_client_that_registered_for_encryption_may_still_send_in_the_clear(provider: Provider) -> None:
    """OpenID Connect Dynamic Client Registration 1.0 §2, `request_object_encryption_alg`."""
    party = RelyingParty(provider, **OURS)
    assert party.form("/par", {"request": party.request_object()}).status_code == 201
    assert party.form("/par", {"request": sealed(party, party.request_object())}).status_code == 201
