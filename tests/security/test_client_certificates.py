"""Attacks on TLS client authentication and certificate-bound tokens (C10, C14, D5; RFC 8705)."""

from __future__ import annotations

import ipaddress
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from cryptography import x509
from cryptography.x509.oid import ExtendedKeyUsageOID

from exchange.authentication import access_token
from exchange.authentication.access_token import AccessToken
from idp.administration import AdministrationError
from idp.clients.certificates import TlsOffer
from kernel import jose
from tests.doubles.certificates import DAY, PROXY, Authority, Certificate, certificate
from tests.doubles.identity_provider import EXCHANGE, ISSUER, Provider, provider_at
from tests.doubles.provider_fixtures import Opened
from tests.doubles.relying_party import ProofKey, RelyingParty, by_secret, claims_of, public_client

DN = "CN=market,O=Market regulation"


@pytest.fixture(scope="module")
def authority() -> Authority:
    return Authority.make()


@pytest.fixture
def behind_proxy(opened: Opened, tmp_path: Path, authority: Authority) -> Iterator[Provider]:
    """A provider that believes one proxy."""
    changes = {"trusted_proxies": (PROXY,), "client_authorities": authority.write(tmp_path)}
    with opened(**changes) as running:
        yield running


def by_name(provider: Provider, **metadata: Any) -> RelyingParty:
    named = metadata or {"tls_client_auth_subject_dn": DN}
    return RelyingParty(provider, token_endpoint_auth_method="tls_client_auth", scope="openid", **named)


def ask(
    party: RelyingParty, shown: Certificate | None, *, address: str = PROXY, path: str = "/token", **fields: Any
) -> Any:
    """A request that arrives through the proxy, with the certificate its connection was made with."""
    data = {"grant_type": "client_credentials", "client_id": party.id, **fields}
    headers = shown.header if shown else {}
    environ = {"REMOTE_ADDR": address}
    return party.http.post(path, data=data, headers=headers, base_url=ISSUER, environ_overrides=environ)


def refused(answer: Any) -> bool:
    return (answer.status_code, answer.json.get("error")) == (401, "invalid_client")


# tls_client_auth (RFC 8705 §2.1) --------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("member", "value", "other", "make"),
    [
        ("tls_client_auth_san_dns", "gate.market.example", "gate.market.exampl", x509.DNSName),
        ("tls_client_auth_san_uri", "urn:market:gate", "urn:market:Gate", x509.UniformResourceIdentifier),
        ("tls_client_auth_san_email", "gate@market.example", "gate@market.example.cn", x509.RFC822Name),
        (
            "tls_client_auth_san_ip",
            "2001:db8::1",
            "2001:db8::2",
            lambda text: x509.IPAddress(ipaddress.ip_address(text)),
        ),
    ],
)
def test_the_one_registered_name_is_compared_exactly(
    behind_proxy: Provider, authority: Authority, member: str, value: str, other: str, make: Any
) -> None:
    """RFC 8705 §2.1.2."""
    party = by_name(behind_proxy, **{member: value})
    assert (
        ask(party, authority.issue(names=[make("192.0.2.7" if "ip" in member else "x.example"), make(value)])).json[
            "token_type"
        ]
        == "Bearer"
    )
    assert refused(ask(party, authority.issue(names=[make(other)])))
    assert refused(ask(party, authority.issue(value)))  # the same words, in the subject


def test_a_subject_is_compared_by_its_rfc_4514_string(behind_proxy: Provider, authority: Authority) -> None:
    party = by_name(behind_proxy)
    assert ask(party, authority.issue()).status_code == 200
    for other in (authority.issue("Market"), authority.issue(organisation="Market"), authority.issue("market2")):
        assert refused(ask(party, other))


def test_C10_a_name_counts_only_when_an_authority_vouches_for_it(behind_proxy: Provider, authority: Authority) -> None:
    """One listener serves self-signed clients too, so anybody can show a certificate that bears any name."""
    party = by_name(behind_proxy)
    namesake = Authority.make()  # the same name as the authority, another key
    for shown in (certificate("market"), namesake.issue(), None, certificate("market", issuer=authority.issue("x"))):
        assert refused(ask(party, shown))


def test_C10_whoever_is_no_authority_vouches_for_nobody(opened: Opened, tmp_path: Path) -> None:
    """RFC 5280 §4.2.1.9: a certificate in the operator's file that is not one for issuing others."""
    listed = Authority(certificate("Departments CA"))
    with opened(trusted_proxies=(PROXY,), client_authorities=listed.write(tmp_path)) as provider:
        assert refused(ask(by_name(provider), listed.issue()))


def test_D5_an_expired_or_unfit_certificate_is_refused(behind_proxy: Provider, authority: Authority) -> None:
    party = by_name(behind_proxy)
    for changes in (
        {"ends": -DAY / 2},
        {"begins": DAY / 2},
        {"use": ExtendedKeyUsageOID.SERVER_AUTH},
    ):
        assert refused(ask(party, authority.issue(**changes)))
    assert ask(party, authority.issue(use=None)).status_code == 200
    behind_proxy.clock.advance(2 * 86_400)
    assert refused(ask(party, authority.issue(ends=3 * DAY)))  # the authority itself has expired


def test_D5_a_header_that_no_trusted_proxy_sent_is_ignored(behind_proxy: Provider, authority: Authority) -> None:
    party, shown = by_name(behind_proxy), authority.issue()
    for address in ("203.0.113.9", "127.0.0.1", ""):
        assert refused(ask(party, shown, address=address))
    other_headers = {"X-SSL-Client-Cert": shown.header["Client-Cert"], "X-Client-Cert": shown.header["Client-Cert"]}
    answer = party.http.post(
        "/token",
        data={"grant_type": "client_credentials", "client_id": party.id},
        headers=other_headers,
        base_url=ISSUER,
        environ_overrides={"REMOTE_ADDR": PROXY},
    )
    assert refused(answer)


@pytest.mark.parametrize("header", ["", ":", "::", ":AAAA:", "x", ":" + "A" * 20_000 + ":", "%2D%2D", ":é:"])
def test_D5_a_malformed_header_is_no_certificate(behind_proxy: Provider, header: str) -> None:
    party = by_name(behind_proxy)
    answer = party.http.post(
        "/token",
        data={"grant_type": "client_credentials", "client_id": party.id},
        headers={"Client-Cert": header.encode().decode("latin-1")},
        base_url=ISSUER,
        environ_overrides={"REMOTE_ADDR": PROXY},
    )
    assert refused(answer)


def with_bytes(old: bytes, new: bytes, **made: Any) -> Certificate:
    """A certificate with a part of its encoding changed: what it says is read before anybody's signature is."""
    original = certificate("market", **made)
    changed = original.der.replace(old, new, 1)
    assert changed != original.der

    class Changed(Certificate):
        der = changed  # type: ignore[assignment]

    return Changed(original.key, original.x509)


ODD = {
    "version 2": lambda: with_bytes(b"\xa0\x03\x02\x01\x02", b"\xa0\x03\x02\x01\x01"),
    "an extension twice": lambda: with_bytes(b"\x06\x03\x55\x1d\x13", b"\x06\x03\x55\x1d\x25"),
    "an X.400 name": lambda: with_bytes(b"\x82\x02ab", b"\xa3\x02\x05\x00", names=[x509.DNSName("ab")]),
}
"""What a handshake lets through and the `cryptography` library has exceptions of their own for."""


@pytest.mark.parametrize("odd", ODD)
def test_D5_a_certificate_that_cannot_be_read_is_refused(behind_proxy: Provider, odd: str) -> None:
    """Anybody may make one and show it to the proxy; no request fails for it."""
    shown = ODD[odd]()
    for party in (by_name(behind_proxy), by_name(behind_proxy, tls_client_auth_san_dns="ab")):
        assert refused(ask(party, shown))
    assert ask(by_secret(behind_proxy), shown, path="/introspect", token="x").status_code == 401


def test_a_key_with_a_certificate_that_cannot_be_read_is_not_registered(provider: Provider) -> None:
    with pytest.raises(AdministrationError, match="x5c"):
        RelyingParty(
            provider,
            token_endpoint_auth_method="self_signed_tls_client_auth",
            jwks={"keys": [ODD["version 2"]().jwk | {"alg": "ES256"}]},
        )


def test_C10_a_certificate_does_not_stand_in_for_another_method(behind_proxy: Provider, authority: Authority) -> None:
    shown = authority.issue()
    by_word = by_secret(behind_proxy)
    assert refused(ask(by_word, shown))
    assert refused(ask(RelyingParty(behind_proxy), shown))
    party = by_name(behind_proxy)
    assert refused(ask(party, shown, client_secret="x" * 43))  # judged by the way that was used
    assert refused(ask(party, None))


def test_without_authorities_nobody_is_known_by_a_name(opened: Opened, authority: Authority) -> None:
    with opened(trusted_proxies=(PROXY,)) as provider:
        desk = provider.administration
        desk.clients = replace(desk.clients, tls=TlsOffer(certificates=True, authorities=True))  # as it was before
        assert refused(ask(by_name(provider), authority.issue()))


# self_signed_tls_client_auth (RFC 8705 §2.2) --------------------------------------------------------------------------


def self_signed(provider: Provider, own: Certificate, **metadata: Any) -> RelyingParty:
    return RelyingParty(
        provider,
        token_endpoint_auth_method="self_signed_tls_client_auth",
        scope="openid",
        jwks={"keys": [own.jwk]},
        **metadata,
    )


def test_a_self_signed_client_is_known_by_its_registered_certificate(
    behind_proxy: Provider, authority: Authority
) -> None:
    own = certificate("market")
    party = self_signed(behind_proxy, own)
    assert ask(party, own).status_code == 200
    for other in (certificate("market"), authority.issue(), None):
        assert refused(ask(party, other))
    assert refused(ask(party, own, address="203.0.113.9"))
    behind_proxy.clock.advance(2 * 86_400)
    assert refused(ask(party, own))  # D5: expired


def test_a_certificate_may_be_registered_by_its_thumbprint(behind_proxy: Provider) -> None:
    own = certificate("market")
    key = {name: value for name, value in own.jwk.items() if name != "x5c"}
    party = RelyingParty(
        behind_proxy,
        token_endpoint_auth_method="self_signed_tls_client_auth",
        scope="openid",
        jwks={"keys": [{**key, "x5t#S256": own.thumbprint}]},
    )
    assert ask(party, own).status_code == 200


@pytest.mark.parametrize(
    "metadata",
    [
        {},
        {"tls_client_auth_subject_dn": DN, "tls_client_auth_san_dns": "gate.market.example"},
        {"tls_client_auth_subject_dn": "no distinguished name"},
        {"tls_client_auth_subject_dn": ""},
        {"tls_client_auth_san_ip": "300.1.1.1"},
        {"tls_client_auth_san_dns": " "},
        {"tls_client_auth_san_dns": 7},
        {"token_endpoint_auth_method": "private_key_jwt", "tls_client_auth_san_dns": "gate.market.example"},
        {"token_endpoint_auth_method": "self_signed_tls_client_auth"},
        {"token_endpoint_auth_method": "self_signed_tls_client_auth", "jwks": {"keys": []}},
        {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [{**certificate("a").jwk, "x5c": certificate("b").jwk["x5c"]}]},
        },
        {
            "token_endpoint_auth_method": "self_signed_tls_client_auth",
            "jwks": {"keys": [{**certificate("a").jwk, "x5c": ["AAAA"]}]},
        },
        {"tls_client_certificate_bound_access_tokens": "yes"},
    ],
)
def test_registration_takes_exactly_one_name_or_certificates(provider: Provider, metadata: dict[str, Any]) -> None:
    from idp.administration.errors import AdministrationError

    asked = {"token_endpoint_auth_method": "tls_client_auth", "grant_types": ["client_credentials"], **metadata}
    with pytest.raises(AdministrationError):
        provider.register(**asked)


# client_secret_post (RFC 6749 §2.3.1) ---------------------------------------------------------------------------------


def test_C14_a_secret_in_the_body_is_for_clients_registered_so(provider: Provider) -> None:
    posting = RelyingParty(provider, token_endpoint_auth_method="client_secret_post", scope="openid")
    basic = by_secret(provider, scope="openid")
    assert ask(posting, None, client_secret=posting.secret).status_code == 200
    answers = [
        ask(posting, None, client_secret="wrong"),
        ask(posting, None),
        ask(posting, None, client_id="unknown", client_secret="wrong"),
        ask(basic, None, client_secret=basic.secret),
        posting.form("/token", {"grant_type": "client_credentials"}),  # in the header, C10
    ]
    assert all(refused(answer) for answer in answers)
    assert len({answer.text for answer in answers}) == 1
    both = basic.form("/token", {"grant_type": "client_credentials", "client_secret": basic.secret})
    assert (both.status_code, both.json["error"]) == (400, "invalid_request")


def test_a_secret_in_an_address_is_not_read(provider: Provider) -> None:
    party = RelyingParty(provider, token_endpoint_auth_method="client_secret_post", scope="openid")
    answer = ask(party, None, path=f"/token?client_secret={party.secret}")
    assert refused(answer)


# Certificate-bound tokens (RFC 8705 §3) -------------------------------------------------------------------------------


def userinfo(party: RelyingParty, token: str, shown: Certificate | None, address: str = PROXY) -> Any:
    headers = {"Authorization": f"Bearer {token}", **(shown.header if shown else {})}
    return party.http.get("/userinfo", headers=headers, base_url=ISSUER, environ_overrides={"REMOTE_ADDR": address})


def bound(provider: Provider, own: Certificate) -> RelyingParty:
    return self_signed(provider, own, tls_client_certificate_bound_access_tokens=True)


def code_tokens(party: RelyingParty, shown: Certificate) -> Any:
    from tests.doubles.relying_party import CALLBACK, VERIFIER

    grant = {"grant_type": "authorization_code", "redirect_uri": CALLBACK, "code_verifier": VERIFIER}
    return ask(party, shown, **grant, code=party.code(scope="openid"))


def test_D5_a_bound_token_is_of_use_only_with_its_certificate(behind_proxy: Provider) -> None:
    own, other = certificate("market"), certificate("thief")
    party = bound(behind_proxy, own)
    answer = code_tokens(party, own)
    assert answer.json["token_type"] == "Bearer"
    token = answer.json["access_token"]
    assert claims_of(token)["cnf"] == {"x5t#S256": own.thumbprint}
    assert userinfo(party, token, own).status_code == 200
    for shown, address in ((other, PROXY), (None, PROXY), (own, "203.0.113.9")):
        assert userinfo(party, token, shown, address).status_code == 401
    examined = ask(party, own, path="/introspect", token=token).json
    assert (examined["cnf"], examined["token_type"]) == ({"x5t#S256": own.thumbprint}, "Bearer")
    behind_proxy.clock.advance(1)
    refreshed = ask(party, own, grant_type="refresh_token", refresh_token=answer.json["refresh_token"])
    assert claims_of(refreshed.json["access_token"])["cnf"] == {"x5t#S256": own.thumbprint}


def test_a_bound_client_without_its_certificate_gets_nothing(behind_proxy: Provider) -> None:
    """RFC 8705 §3: also when it authenticates another way."""
    party = RelyingParty(behind_proxy, scope="openid", tls_client_certificate_bound_access_tokens=True)
    fields, _ = party.credentials()
    answer = ask(party, None, **fields)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_request")
    fields, _ = party.credentials()
    own = certificate("market")
    assert claims_of(ask(party, own, **fields).json["access_token"])["cnf"] == {"x5t#S256": own.thumbprint}


def test_a_public_clients_refresh_token_keeps_its_certificate(behind_proxy: Provider) -> None:
    """RFC 8705 §4."""
    own, other = certificate("app"), certificate("thief")
    party = public_client(behind_proxy, tls_client_certificate_bound_access_tokens=True)
    token = code_tokens(party, own).json["refresh_token"]
    for shown, error in ((other, "invalid_grant"), (None, "invalid_request")):
        answer = ask(party, shown, grant_type="refresh_token", refresh_token=token)
        assert (answer.status_code, answer.json["error"]) == (400, error)
    assert ask(party, own, grant_type="refresh_token", refresh_token=token).status_code == 200


def test_a_certificate_binds_a_token_for_the_exchange(behind_proxy: Provider) -> None:
    """interfaces: sender-constrained by DPoP, or Bearer over mTLS; with both, both are named."""
    own = certificate("market")
    party = RelyingParty(
        behind_proxy,
        token_endpoint_auth_method="self_signed_tls_client_auth",
        scope="cases",
        jwks={"keys": [own.jwk]},
        tls_client_certificate_bound_access_tokens=True,
    )
    token = ask(party, own).json["access_token"]
    assert claims_of(token)["cnf"] == {"x5t#S256": own.thumbprint}
    assert as_the_exchange_reads(behind_proxy, token).certificate_thumbprint == own.thumbprint
    key = ProofKey(behind_proxy)
    headers = {**own.header, "DPoP": key.proof("POST", f"{ISSUER}/token")}
    answer = party.http.post(
        "/token",
        data={"grant_type": "client_credentials", "client_id": party.id},
        headers=headers,
        base_url=ISSUER,
        environ_overrides={"REMOTE_ADDR": PROXY},
    )
    assert claims_of(answer.json["access_token"])["cnf"] == {"jkt": key.jkt, "x5t#S256": own.thumbprint}


def as_the_exchange_reads(provider: Provider, token: str) -> AccessToken:
    verified = jose.verify(
        token,
        provider.keys.verifying(),
        typ="at+jwt",
        issuer=ISSUER,
        audience=EXCHANGE,
        now=provider.clock.now(),
        leeway=0,
        max_age=3600,
    )
    return access_token.read(verified, audience=EXCHANGE, keys=[provider.exchange.decryption])


# Discovery ------------------------------------------------------------------------------------------------------------


def metadata(provider: Provider) -> dict[str, Any]:
    from werkzeug.test import Client

    return dict(Client(provider.app).get("/.well-known/openid-configuration").json)


def test_discovery_tells_what_certificates_are_good_for(
    make_database: Callable[[], str], tmp_path: Path, authority: Authority
) -> None:
    methods = "token_endpoint_auth_methods_supported"

    def told(name: str, **changes: Any) -> dict[str, Any]:
        (tmp_path / name).mkdir()
        with provider_at(make_database(), tmp_path / name, **changes) as provider:
            return metadata(provider)

    without = told("without", client_authorities=authority.write(tmp_path))
    assert not {"tls_client_auth", "self_signed_tls_client_auth"} & set(without[methods])
    assert without["tls_client_certificate_bound_access_tokens"] is False
    behind = told("behind", trusted_proxies=(PROXY,), client_authorities=authority.write(tmp_path))
    assert {"tls_client_auth", "self_signed_tls_client_auth"} <= set(behind[methods])
    assert behind["tls_client_certificate_bound_access_tokens"] is True
    assert "mtls_endpoint_aliases" not in behind
    aliased = told("aliased", trusted_proxies=(PROXY,), mtls_origin="https://mtls.example")
    assert "tls_client_auth" not in aliased[methods]
    assert aliased["mtls_endpoint_aliases"]["token_endpoint"] == "https://mtls.example/token"
