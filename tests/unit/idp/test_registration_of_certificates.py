"""A registration is not told yes to client certificates that discovery does not offer (RFC 7591 §3.2.2, RFC 8705)."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from werkzeug.test import Client

from idp.administration import AdministrationError
from tests.doubles.certificates import PROXY, Authority, certificate
from tests.doubles.identity_provider import ISSUER, MARKET, Provider
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import CALLBACK
from tests.unit.idp.test_client_registration import Registered, invited, register

BY_NAME = {"token_endpoint_auth_method": "tls_client_auth", "tls_client_auth_san_dns": "gate.market.example"}
SELF_SIGNED = {
    "token_endpoint_auth_method": "self_signed_tls_client_auth",
    "jwks": {"keys": [certificate("market").jwk]},
}
BOUND = {"tls_client_certificate_bound_access_tokens": True}
METHOD = "token_endpoint_auth_method"
WAYS = [(BY_NAME, METHOD), (BY_NAME | BOUND, METHOD), (SELF_SIGNED, METHOD), (BOUND, next(iter(BOUND)))]


def offered(provider: Provider) -> tuple[set[str], bool]:
    document = Client(provider.app).get("/.well-known/oauth-authorization-server", base_url=ISSUER).json
    return set(document["token_endpoint_auth_methods_supported"]), document[next(iter(BOUND))]


@pytest.mark.parametrize(("metadata", "member"), WAYS)
def test_a_client_does_not_register_itself_for_what_is_off(
    either_provider: Provider, metadata: dict[str, Any], member: str
) -> None:
    methods, bound = offered(either_provider)
    assert metadata.get(METHOD, "none") not in methods or not bound
    answer = register(either_provider, invited(either_provider), **metadata)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")
    assert answer.json["error_description"].startswith(member)
    assert either_provider.events("ClientRegistered") == []


@pytest.mark.parametrize(("metadata", "member"), WAYS)
def test_a_client_does_not_change_itself_to_what_is_off(
    provider: Provider, metadata: dict[str, Any], member: str
) -> None:
    """RFC 7592 §2.2."""
    client = Registered(provider)
    answer = client.call("PUT", client.body(client_secret=None, **metadata))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")
    assert answer.json["error_description"].startswith(member)
    assert client.call("GET").json[METHOD] == "client_secret_basic"


@pytest.mark.parametrize(("metadata", "member"), WAYS)
def test_an_operator_is_told_which_setting_switches_it_on(
    provider: Provider, metadata: dict[str, Any], member: str
) -> None:
    clients = provider.administration.clients
    asked = {"client_name": "Gate", "tongban_organisation": MARKET, "redirect_uris": [CALLBACK]}
    plain = clients.add(asked)
    for attempt in (
        lambda: clients.add(asked | metadata),
        lambda: clients.update(plain["client_id"], asked | metadata),
    ):
        with pytest.raises(AdministrationError) as caught:
            attempt()
        for half in (caught.value.text.zh, caught.value.text.en):
            assert half.startswith(member)
            assert "idp.trusted_proxies" in half
            assert ("idp.client_authorities" in half) == (BY_NAME.items() <= metadata.items())


def test_where_certificates_are_accepted_so_are_such_clients(opened: Opened, tmp_path: Path) -> None:
    authorities = Authority.make().write(tmp_path)
    with opened(trusted_proxies=(PROXY,), client_authorities=authorities) as provider:
        for metadata, _ in WAYS:
            assert register(provider, invited(provider), **metadata).status_code == 201


def test_without_authorities_no_client_is_known_by_a_name(opened: Opened) -> None:
    with opened(trusted_proxies=(PROXY,)) as provider:
        assert register(provider, invited(provider), **BY_NAME).json["error"] == "invalid_client_metadata"
        assert register(provider, invited(provider), **SELF_SIGNED, **BOUND).status_code == 201
        with pytest.raises(AdministrationError) as caught:
            provider.register(redirect_uris=[CALLBACK], **BY_NAME)
        assert "idp.client_authorities" in caught.value.text.en
        assert "idp.trusted_proxies" not in caught.value.text.en
