"""The demonstration's certificate authority, judged by OpenSSL as any client of the containers would judge it."""

import os
import ssl
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives.asymmetric import ec

from kernel.private_files import write_secret
from tongban.demo.certificates import LEAF_DAYS, Authority, pem

ROOT = Path(__file__).resolve().parents[3]
NAMES = ["idp.tongban.test", "exchange.tongban.test"]


@pytest.fixture
def now():
    return datetime.now(UTC)


@pytest.fixture
def authority(tmp_path, now):
    return Authority.open(tmp_path, now)


def handshake(folder, authority, issued, name):
    """A whole TLS handshake in memory, with the strictest reading of RFC 5280 that OpenSSL has."""
    key, certificate = issued
    (folder / "server.key").write_bytes(key)
    (folder / "server.pem").write_bytes(certificate)
    server_side = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server_side.load_cert_chain(folder / "server.pem", folder / "server.key")
    client_side = ssl.create_default_context(cadata=pem(authority.certificate).decode())
    client_side.verify_flags |= ssl.VERIFY_X509_STRICT
    there, back = ssl.MemoryBIO(), ssl.MemoryBIO()
    client = client_side.wrap_bio(back, there, server_hostname=name)
    server = server_side.wrap_bio(there, back, server_side=True)
    waiting = [client, server]
    while waiting:
        for end in list(waiting):
            try:
                end.do_handshake()
            except ssl.SSLWantReadError:
                continue
            waiting.remove(end)
    return client.getpeercert()


@pytest.mark.parametrize("name", NAMES)
def test_a_client_that_trusts_the_authority_accepts_each_name(tmp_path, authority, now, name):
    peer = handshake(tmp_path, authority, authority.issue(NAMES, now), name)
    assert peer["subjectAltName"] == tuple(("DNS", each) for each in NAMES)


def test_a_name_it_was_not_issued_for_is_refused(tmp_path, authority, now):
    with pytest.raises(ssl.SSLCertVerificationError, match="Hostname mismatch"):
        handshake(tmp_path, authority, authority.issue(NAMES, now), "market.tongban.test")


def test_a_client_that_trusts_another_authority_refuses(tmp_path, authority, now):
    other = tmp_path / "other"
    other.mkdir()
    with pytest.raises(ssl.SSLCertVerificationError):
        handshake(tmp_path, Authority.open(other, now), authority.issue(NAMES, now), NAMES[0])


def test_a_certificate_past_its_days_is_refused(tmp_path, authority, now):
    issued = authority.issue(NAMES, now - timedelta(days=LEAF_DAYS, hours=1))
    with pytest.raises(ssl.SSLCertVerificationError, match="expired"):
        handshake(tmp_path, authority, issued, NAMES[0])


def test_a_server_certificate_signs_no_other(authority, now):
    leaf = x509.load_pem_x509_certificate(authority.issue(NAMES, now)[1])
    assert leaf.extensions.get_extension_for_class(x509.BasicConstraints).value.ca is False
    assert leaf.extensions.get_extension_for_class(x509.KeyUsage).value.key_cert_sign is False
    leaf.verify_directly_issued_by(authority.certificate)


def test_the_authority_is_made_once_and_kept(tmp_path, authority, now):
    again = Authority.open(tmp_path, now + timedelta(days=30))
    assert again.certificate == authority.certificate
    handshake(tmp_path, authority, again.issue(NAMES, now), NAMES[0])


def test_its_key_is_readable_by_its_owner_alone(tmp_path, authority):
    assert (tmp_path / "ca.key").stat().st_mode & 0o777 == 0o600
    assert isinstance(authority.certificate.public_key(), ec.EllipticCurvePublicKey)


def test_a_secret_replaces_what_stood_there_with_its_own_mode(tmp_path):
    path = tmp_path / "secret"
    path.write_text("earlier", encoding="utf-8")
    path.chmod(0o644)
    write_secret(path, b"later", 0o440)
    assert path.read_bytes() == b"later"
    assert path.stat().st_mode & 0o777 == 0o440
    assert [each.name for each in tmp_path.iterdir()] == ["secret"]


def test_a_secret_its_owner_may_only_read_can_be_written_by_an_ordinary_account(tmp_path):
    """Root may write any file; in a container nobody is root."""
    tmp_path.chmod(0o777)
    program = (
        "import os; from pathlib import Path; from kernel.private_files import write_secret\n"
        "if os.geteuid() == 0: os.setgroups([]); os.setgid(10001); os.setuid(10001)\n"
        "write_secret(Path('secret'), b'word', 0o440)"
    )
    environment = os.environ | {"PYTHONPATH": str(ROOT)}
    done = subprocess.run(
        [sys.executable, "-c", program], cwd=tmp_path, env=environment, capture_output=True, text=True, check=False
    )
    assert done.returncode == 0, done.stderr
