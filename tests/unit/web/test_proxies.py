"""What a proxy says counts only when the proxy is trusted (D5)."""

from __future__ import annotations

import base64
from datetime import UTC, datetime, timedelta
from urllib.parse import quote

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.hazmat.primitives.serialization import Encoding
from werkzeug.test import Client

from kernel.web.proxies import TrustedProxies, decode_certificate

from .conftest import echo, make_app, route


@pytest.fixture(scope="module")
def certificate():
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(x509.NameOID.COMMON_NAME, "system")])
    start = datetime(2026, 11, 23, tzinfo=UTC)
    builder = x509.CertificateBuilder().subject_name(name).issuer_name(name).public_key(key.public_key())
    builder = builder.serial_number(1).not_valid_before(start).not_valid_after(start + timedelta(days=1))
    return builder.sign(key, hashes.SHA256())


def seen(headers, *, peer="10.0.0.1", proxies=("10.0.0.0/8",), **settings):
    app = make_app(route(echo, hot=True), trusted_proxies=proxies, **settings)
    return Client(app).get("/thing", headers=headers, environ_base={"REMOTE_ADDR": peer}).json


def rfc9440(certificate):
    return f":{base64.b64encode(certificate.public_bytes(Encoding.DER)).decode()}:"


@pytest.mark.parametrize(
    ("peer", "forwarded", "caller"),
    [
        ("10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9", "203.0.113.9"),
        ("10.0.0.1", "1.1.1.1, 203.0.113.9, 10.0.0.2", "203.0.113.9"),
        ("10.0.0.1", "10.0.0.3, 10.0.0.2", "10.0.0.3"),
        ("10.0.0.1", "", "10.0.0.1"),
        ("10.0.0.1", "nonsense", "nonsense"),
        ("203.0.113.9", "1.1.1.1", "203.0.113.9"),
        ("::ffff:10.0.0.1", "203.0.113.9", "203.0.113.9"),
        ("2001:db8::1", "203.0.113.9", "2001:db8::1"),
        ("unix", "203.0.113.9", "unix"),
    ],
)
def test_the_caller_is_the_right_most_address_no_trusted_proxy_vouches_for(peer, forwarded, caller):
    assert seen({"X-Forwarded-For": forwarded}, peer=peer)["remote"] == caller


def test_without_trusted_proxies_nothing_is_believed(certificate):
    headers = {"X-Forwarded-For": "1.1.1.1", "Client-Cert": rfc9440(certificate)}
    found = seen(headers, proxies=())
    assert (found["remote"], found["certificate"]) == ("10.0.0.1", 0)


def test_rfc9440_section_2_1_the_certificate_of_a_trusted_proxy_arrives(certificate):
    found = seen({"Client-Cert": rfc9440(certificate)})
    assert found["certificate"] == len(certificate.public_bytes(Encoding.DER))


@pytest.mark.parametrize("header", ["Client-Cert", "X-SSL-Client-Cert"])
def test_D5_a_forged_certificate_from_outside_the_trusted_proxy_is_ignored(certificate, header):
    settings = {"certificate_header": header}
    assert seen({header: rfc9440(certificate)}, peer="203.0.113.9", **settings)["certificate"] == 0
    assert seen({header: rfc9440(certificate)}, **settings)["certificate"] > 0


def test_D5_only_the_configured_header_counts(certificate):
    assert seen({"X-SSL-Client-Cert": rfc9440(certificate)})["certificate"] == 0


def test_a_percent_encoded_pem_is_understood(certificate):
    pem = quote(certificate.public_bytes(Encoding.PEM).decode())
    assert decode_certificate(pem) == certificate.public_bytes(Encoding.DER)


@pytest.mark.parametrize("value", ["::", ":!!:", ":YWJj:", "nonsense", "%FF", ":" + "A" * 20_000 + ":", ":YWJj"])
def test_D5_what_is_no_certificate_counts_as_none(value):
    assert decode_certificate(value) is None
    assert seen({"Client-Cert": value})["certificate"] == 0


def test_a_network_that_is_none_is_refused_at_the_start():
    with pytest.raises(ValueError, match="does not appear"):
        TrustedProxies(("everyone",))
