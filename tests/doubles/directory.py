"""A real directory (OpenLDAP's slapd) in a temporary folder on loopback, and listeners that only pretend to be one."""

from __future__ import annotations

import base64
import datetime
import ipaddress
import itertools
import shutil
import socket
import subprocess
import tempfile
import threading
import time
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Self

from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

SLAPD = "/usr/sbin/slapd"
MISSING = "no slapd: apt-get install slapd ldap-utils enables this"
MANAGER, MANAGER_PASSWORD = "cn=manager,dc=demo", "manager-of-the-tests"
READER, READER_PASSWORD = "cn=reader,dc=demo", "密码 of the reader"

Value = str | bytes
Entry = Mapping[str, Value | Sequence[Value]]


def installed() -> bool:
    """Whether slapd and the programs that fill it are here."""
    return Path(SLAPD).exists() and shutil.which("ldapadd") is not None


class Directory:
    """slapd over one mdb database ``dc=demo``: only the reader reads, anybody reads below ``ou=open``."""

    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="tongban-slapd-"))
        self.port, self.tls_port = free_port(), free_port()
        self._branches = itertools.count(1)
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://127.0.0.1:{self.tls_port}"

    @property
    def authority(self) -> Path:
        return self.folder / "server.pem"

    @property
    def client_certificate(self) -> str:
        """What says who somebody is whom it lets read, with its key."""
        return "".join((self.folder / "client" / name).read_text() for name in ("server.pem", "server.key"))

    def __enter__(self) -> Self:
        (self.folder / "data").mkdir()
        certify(self.folder, "127.0.0.1")
        (self.folder / "client").mkdir()
        certify(self.folder / "client", "127.0.0.1")
        (self.folder / "slapd.conf").write_text(CONFIGURATION.format(folder=self.folder))
        try:
            self.start()
            self.add("dc=demo", objectClass=("dcObject", "organization"), dc="demo", o="demo")
            self.add(READER, objectClass=("organizationalRole", "simpleSecurityObject"), userPassword=READER_PASSWORD)
            self.add("ou=open,dc=demo", objectClass="organizationalUnit")
        except BaseException:
            self.__exit__()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.stop()
        shutil.rmtree(self.folder, ignore_errors=True)

    def start(self) -> None:
        """Serve, at the same addresses each time."""
        command = [SLAPD, "-f", str(self.folder / "slapd.conf"), "-h", f"{self.url}/ {self.tls_url}/", "-d", "0"]
        self._process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        _await_listener(self._process, self.port)
        _await_listener(self._process, self.tls_port)

    def stop(self) -> None:
        """End the process and wait for it."""
        if self._process is not None:
            self._process.terminate()
            self._process.wait(20)

    def branch(self, entries: Iterable[Entry] = ()) -> str:
        """A fresh branch with these people below it; its DN."""
        dn = f"ou=branch-{next(self._branches)},dc=demo"
        people = [(f"cn=p{number},{dn}", _person(entry)) for number, entry in enumerate(entries)]
        self._run("ldapadd", [(dn, {"objectClass": "organizationalUnit"}), *people])
        return dn

    def add(self, dn: str, **attributes: Value | Sequence[Value]) -> None:
        """One entry."""
        self._run("ldapadd", [(dn, attributes)])

    def _run(self, program: str, entries: Iterable[tuple[str, Entry]]) -> None:
        command = [program, "-x", "-M", "-H", self.url, "-D", MANAGER, "-w", MANAGER_PASSWORD]
        ldif = "\n".join(_ldif(dn, attributes) for dn, attributes in entries)
        done = subprocess.run(command, input=ldif.encode(), capture_output=True, check=False)
        assert done.returncode == 0, done.stderr.decode()


def _person(entry: Entry) -> Entry:
    return {"objectClass": ("inetOrgPerson",), "sn": "-", **entry}


def _ldif(dn: str, attributes: Entry) -> str:
    lines = ["dn:: " + base64.b64encode(dn.encode()).decode()]
    for name, value in attributes.items():
        for each in (value,) if isinstance(value, str | bytes) else value:
            octets = each.encode() if isinstance(each, str) else each
            lines.append(f"{name}:: " + base64.b64encode(octets).decode())
    return "\n".join(lines) + "\n"


class Listener:
    """A socket on loopback that treats each connection as told, and counts them."""

    def __init__(self, behave: Callable[[socket.socket, threading.Event], object]) -> None:
        self._behave = behave
        self._socket = socket.create_server(("127.0.0.1", 0))
        self.released = threading.Event()
        self.connections = 0
        self.port = int(self._socket.getsockname()[1])
        threading.Thread(target=self._serve, daemon=True).start()

    @property
    def url(self) -> str:
        return f"ldap://127.0.0.1:{self.port}"

    def _serve(self) -> None:
        while True:
            try:
                connection, _ = self._socket.accept()
            except OSError:
                return
            self.connections += 1
            threading.Thread(target=self._treat, args=(connection,), daemon=True).start()

    def _treat(self, connection: socket.socket) -> None:
        with connection:
            try:
                self._behave(connection, self.released)
            except OSError:
                return

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        self.released.set()
        self._socket.close()


def hang(_: socket.socket, released: threading.Event) -> None:
    """Take the request and say nothing."""
    released.wait(20)


def saying(answer: bytes) -> Callable[[socket.socket, threading.Event], None]:
    """Answer every request with these octets."""

    def behave(connection: socket.socket, _: threading.Event) -> None:
        while connection.recv(65_536):
            connection.sendall(answer)

    return behave


def drip(connection: socket.socket, released: threading.Event) -> None:
    """Announce a message of 100 kB and send an octet of it every tenth of a second."""
    connection.recv(65_536)
    connection.sendall(b"\x30\x83\x01\x86\xa0")
    while not released.wait(0.1):
        connection.sendall(b"\x02")


def flood(connection: socket.socket, _: threading.Event) -> None:
    """Announce a message of two gigabytes and send it."""
    connection.recv(65_536)
    connection.sendall(b"\x30\x84\x7f\xff\xff\xff")
    for _ in range(1 << 15):
        connection.sendall(b"\x00" * 65_536)


def free_port() -> int:
    """A port of loopback that nobody listens on."""
    with socket.create_server(("127.0.0.1", 0)) as taken:
        return int(taken.getsockname()[1])


def certify(folder: Path, host: str, *, days: int = 1) -> None:
    """A self-signed certificate for an address or a name: server.pem with its key in server.key."""
    key = ec.generate_private_key(ec.SECP256R1())
    subject = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "directory of the tests")])
    now = datetime.datetime.now(datetime.UTC)
    name = x509.IPAddress(ipaddress.ip_address(host)) if host[0].isdigit() else x509.DNSName(host)
    certificate = (
        x509.CertificateBuilder()
        .subject_name(subject)
        .issuer_name(subject)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=2))
        .not_valid_after(now + datetime.timedelta(days=days))
        .add_extension(x509.SubjectAlternativeName([name]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    (folder / "server.pem").write_bytes(certificate.public_bytes(serialization.Encoding.PEM))
    (folder / "server.key").write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )


def _await_listener(process: subprocess.Popen[bytes], port: int) -> None:
    patience = time.monotonic() + 20
    while True:
        try:
            socket.create_connection(("127.0.0.1", port), 1).close()
        except OSError:
            assert process.poll() is None, "slapd did not start"
            assert time.monotonic() < patience, "slapd did not listen"
            time.sleep(0.02)
        else:
            return


CONFIGURATION = f"""
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/nis.schema
include /etc/ldap/schema/inetorgperson.schema
include /etc/ldap/schema/msuser.schema
modulepath /usr/lib/ldap
moduleload back_mdb
pidfile {{folder}}/slapd.pid
TLSCertificateFile {{folder}}/server.pem
TLSCertificateKeyFile {{folder}}/server.key
TLSProtocolMin 3.3
TLSCACertificateFile {{folder}}/client/server.pem
TLSVerifyClient try
allow bind_v2
sizelimit unlimited
threads 4
database mdb
suffix dc=demo
rootdn {MANAGER}
rootpw {MANAGER_PASSWORD}
directory {{folder}}/data
dbnosync
maxsize 268435456
index objectClass eq
index employeeNumber eq
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree=ou=open,dc=demo by * read
access to * by users read by * none
"""
