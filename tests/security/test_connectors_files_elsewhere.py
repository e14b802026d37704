"""Attacks by an SFTP server, by storage, or by somebody in front of them: names (K4), sizes, waiting and lies (K6)."""

from __future__ import annotations

import asyncio
import logging
import resource
import time
from collections.abc import AsyncIterator, Callable, Iterable, Iterator
from typing import Any

import asyncssh
import pytest

from connectors.errors import (
    SourceGarbled,
    SourceMisconfigured,
    SourceProblem,
    SourceTimedOut,
    SourceTooLarge,
    SourceUnavailable,
)
from connectors.files.s3 import place as s3_place
from connectors.files.sftp import place as sftp_place
from connectors.registry import findings
from connectors.source import Source
from tests.doubles.connectors import manifest, retrieve, source, values
from tests.doubles.directory import Listener, hang
from tests.doubles.drops import look_again, looked
from tests.doubles.s3_server import SECRET, S3Server
from tests.doubles.sftp_server import PASSWORD, SftpServer

CSV = {"pattern": "*", "format": "csv", "encoding": "utf-8", "subject_column": "id"}
DATA = b"id,name\nA1,\xe5\xbc\xa0\xe4\xb8\x89\n"
NEVER_SHOWN = ("127.0.0.1", "tongban", "drop", PASSWORD, SECRET, "people", "outgoing", "A1")


@pytest.fixture
def sftp(sftp_server: SftpServer) -> Iterator[SftpServer]:
    """An honest server with one file in it."""
    sftp_server.honest()
    (sftp_server.folder / "outgoing").mkdir(exist_ok=True)
    (sftp_server.folder / "outgoing" / "people.csv").write_bytes(DATA)
    yield sftp_server
    sftp_server.honest()
    for path in sorted(sftp_server.folder.rglob("*"), reverse=True):
        path.unlink() if path.is_symlink() or path.is_file() else path.rmdir()


@pytest.fixture
def s3(s3_server: S3Server) -> Iterator[S3Server]:
    """Honest storage."""
    s3_server.honest()
    yield s3_server
    s3_server.honest()


def over_sftp(server: SftpServer, folder: str = "/outgoing", **more: Any) -> Source:
    where = server.settings(folder, **more)
    return looked(source("files", {**CSV, "sftp": where}, ["name"], secrets={"drop": PASSWORD}))


def over_s3(server: S3Server, files: dict[str, bytes] | None = None, **more: Any) -> Source:
    bucket = server.bucket({"outgoing/people.csv": DATA} if files is None else files)
    where = server.settings(bucket, prefix="outgoing/", **more)
    return looked(source("files", {**CSV, "s3": where}, ["name"], secrets={"storage": SECRET}))


def problem(asked: Source) -> SourceProblem:
    """Why nothing is answered; nothing of the source is in it."""
    with asked, pytest.raises(SourceProblem) as caught:
        values(asked)
    found = caught.value
    shown = f"{found} {found!r} {found.reason} {found.text.zh} {found.text.en}"
    assert [word for word in NEVER_SHOWN if word in shown] == []
    assert found.__cause__ is None
    assert found.__context__ is None
    return found


REGULAR = asyncssh.SFTPAttrs(size=len(DATA), permissions=0o100644, atime=1, mtime=1_700_000_000)
HOSTILE = (
    b"../outgoing/people.csv",
    b"/etc/passwd",
    b"..",
    b"a/b",
    b"a\\b",
    b"people\0.csv",
    b"people\n.csv",
    b"\x1b[2Jpeople",
    b"\xff\xfe",
    "\u202egro.elpoep".encode(),
    b"p" * 5000,
    b"",
)


def listing(*names: bytes, attributes: asyncssh.SFTPAttrs = REGULAR) -> Callable[[], AsyncIterator[asyncssh.SFTPName]]:
    async def told() -> AsyncIterator[asyncssh.SFTPName]:
        for name in names:
            yield asyncssh.SFTPName(name, b"", attributes)

    return told


def test_K4_a_servers_name_that_is_no_plain_name_is_no_file(sftp: SftpServer) -> None:
    sftp.names = listing(*HOSTILE)
    assert problem(over_sftp(sftp)).reason == "no-file"
    assert sftp.reads == 0


@pytest.mark.parametrize("key", ["outgoing/../x", "outgoing//etc/passwd", "outgoing/", "elsewhere/p", "outgoing/a%0Ab"])
def test_K4_a_key_that_is_no_plain_name_is_no_file(s3: S3Server, key: str) -> None:
    s3.instead = saying(page(key))
    assert problem(over_s3(s3)).reason == "no-file"
    assert all("list-type" in each for each in s3.asked)


def test_K4_links_on_the_server_are_not_followed(sftp: SftpServer) -> None:
    (sftp.folder / "outgoing" / "people.csv").rename(sftp.folder / "secret.csv")
    (sftp.folder / "outgoing" / "people.csv").symlink_to("../secret.csv")
    assert problem(over_sftp(sftp)).reason == "no-file"
    (sftp.folder / "linked").symlink_to("outgoing")
    assert problem(over_sftp(sftp, "/linked")).reason == "folder"


def test_K4_a_file_exchanged_for_a_link_after_the_listing_is_not_used(sftp: SftpServer) -> None:
    lying = sftp.folder / "outgoing" / "people.csv"
    was = lying.stat()
    lying.rename(sftp.folder / "secret.csv")
    lying.symlink_to("../secret.csv")
    told = asyncssh.SFTPAttrs(size=was.st_size, permissions=was.st_mode, atime=1, mtime=int(was.st_mtime))
    sftp.names = listing(b"people.csv", attributes=told)
    assert problem(over_sftp(sftp)).reason == "file-changing"


def test_K6_a_listing_without_end_is_ended(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(sftp_place, "_MOST_NAMES", 2000)

    async def endless() -> AsyncIterator[asyncssh.SFTPName]:
        number = 0
        while True:
            number += 1
            yield asyncssh.SFTPName(b"x%d" % number, b"", REGULAR)
            if number % 1000 == 0:
                await asyncio.sleep(0)

    sftp.names = endless
    assert isinstance(problem(over_sftp(sftp)), SourceTooLarge)


@pytest.mark.parametrize("size", [5, 200_000_000])
def test_K6_a_size_that_lies_is_noticed(sftp: SftpServer, size: int) -> None:
    def lying(told: Any) -> Any:
        attributes = asyncssh.SFTPAttrs.from_local(told) if not isinstance(told, asyncssh.SFTPAttrs) else told
        if attributes.permissions is not None and attributes.permissions & 0o100000:
            attributes.size = size
        return attributes

    sftp.claimed = lying
    sftp.names = listing(b"people.csv", attributes=lying(_attributes(sftp)))
    assert problem(over_sftp(sftp)).reason == "file-changing"


def _attributes(server: SftpServer) -> asyncssh.SFTPAttrs:
    return asyncssh.SFTPAttrs.from_local((server.folder / "outgoing" / "people.csv").stat())


@pytest.mark.parametrize(
    ("read", "reason"),
    [
        (lambda at, size: b"x" * size, "file-changing"),  # without end
        (lambda at, size: b"x" * (size + 1), "sftp"),
        (lambda at, size: b"x" * 200_000, "sftp"),
        (lambda at, size: b"", "file-changing"),
    ],
)
def test_K6_a_file_without_end_or_by_the_wrong_measure_is_not_read_on(
    sftp: SftpServer, read: Callable[[int, int], bytes], reason: str
) -> None:
    sftp.read = read
    assert problem(over_sftp(sftp)).reason == reason
    assert sftp.reads < 10


def test_K6_a_file_that_comes_in_small_pieces_is_whole_all_the_same(sftp: SftpServer) -> None:
    data = b"id,name\n" + b"".join(b"B%d,x\n" % number for number in range(20_000)) + b"A1,last\n"
    (sftp.folder / "outgoing" / "people.csv").write_bytes(data)
    sftp.read = lambda at, size: data[at : at + min(size, 7_001)]
    with over_sftp(sftp) as asked:
        assert retrieve(asked, deadline=30).values == {"name": "last"}


def test_K6_a_host_by_another_key_learns_nothing(sftp: SftpServer) -> None:
    other = asyncssh.generate_private_key("ssh-ed25519").export_public_key().decode().strip()
    found = problem(over_sftp(sftp, host_keys=[other]))
    assert isinstance(found, SourceUnavailable)
    assert found.reason == "host-key"
    assert sftp.passwords == []
    with over_sftp(sftp, host_keys=[other, sftp.pinned]) as asked:  # while a department changes its key
        assert values(asked) == {"name": "张三"}


@pytest.mark.parametrize("begun", [b"", b"SSH-2.0-x\r\n\x7f\xff\xff\xff\x04"])
def test_K6_a_flood_before_anybody_has_proved_anything_ends_the_line(sftp: SftpServer, begun: bytes) -> None:
    sent = 0

    def flood(connection: Any, released: Any) -> None:
        nonlocal sent
        connection.sendall(begun)
        while not released.is_set():
            sent += connection.send(b"\x00\x00\x04\x00" * 4096)

    before = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    with Listener(flood) as listener:
        assert isinstance(problem(over_sftp(sftp, port=listener.port)), SourceTooLarge | SourceUnavailable)
        assert sent < 32 << 20
    assert resource.getrusage(resource.RUSAGE_SELF).ru_maxrss - before < 64 << 10  # KiB


def test_K6_nobody_is_waited_for_longer_than_the_deadline(sftp: SftpServer, monkeypatch: pytest.MonkeyPatch) -> None:
    async def never() -> AsyncIterator[asyncssh.SFTPName]:
        await asyncio.sleep(20)
        yield asyncssh.SFTPName(b"people.csv", b"", REGULAR)

    monkeypatch.setattr(sftp_place, "_LISTING_SECONDS", 1.0)
    began = time.monotonic()
    sftp.names = never
    found = problem(over_sftp(sftp))
    assert isinstance(found, SourceTimedOut)
    with Listener(hang) as silent:
        assert isinstance(problem(over_sftp(sftp, port=silent.port)), SourceTimedOut)
    assert time.monotonic() - began < 15.0
    sftp.hang_up()


def test_K6_a_secret_that_expired_is_told_and_the_last_good_file_goes_on(sftp: SftpServer, s3: S3Server) -> None:
    with over_sftp(sftp) as asked:
        sftp.password = "another"
        sftp.hang_up()
        assert values(look_again(asked)) == {"name": "张三"}
    found = problem(over_sftp(sftp))
    assert (type(found), found.reason) == (SourceMisconfigured, "refused")
    with over_s3(s3) as asked:
        s3.secret = "another"
        assert values(look_again(asked)) == {"name": "张三"}
    found = problem(over_s3(s3))
    assert (type(found), found.reason) == (SourceMisconfigured, "http-403")


def test_what_a_library_says_of_hosts_and_people_is_in_no_log(
    sftp: SftpServer, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level(logging.DEBUG)
    logging.getLogger("asyncssh").setLevel(logging.CRITICAL)
    sftp.password = "another"
    problem(over_sftp(sftp))
    assert "source people: no new files can be taken: source.misconfigured refused" in caplog.text
    assert [
        line for line in caplog.messages if any(word in line for word in ("127.0.0.1", "'tongban'", PASSWORD))
    ] == []
    assert [record.name for record in caplog.records if record.name.startswith("paramiko")] == []


METADATA = "169.254.169.254"


def test_K6_the_address_where_clouds_tell_secrets_is_not_connected_to(sftp: SftpServer) -> None:
    began = time.monotonic()
    assert problem(over_sftp(sftp, host=METADATA, port=80)).reason == "connect"
    assert time.monotonic() - began < 20.0
    where = {"region": "x", "bucket": "latest", "key_id": "x", "secret": "storage"}
    plain = {**CSV, "s3": {**where, "endpoint": f"http://{METADATA}"}}
    described = manifest("files", plain, {"fields": {"name": {"column": "name"}}})
    assert [finding.where[-1] for finding in findings(described)] == ["endpoint"]
    allowed = {**CSV, "s3": {**where, "endpoint": f"http://{METADATA}", "insecure_http": True}}
    found = problem(looked(source("files", allowed, ["name"], secrets={"storage": SECRET})))
    assert (type(found), found.reason) == (SourceUnavailable, "connect")


Told = Callable[[Any, Any], Iterable[bytes] | None]


def saying(
    body: bytes, status: str = "200 OK", headers: tuple[tuple[str, str], ...] = (), only: str = "list-type"
) -> Told:
    """Storage that says this, to what asks for a listing or for a file."""

    def told(environ: Any, start: Any) -> Iterable[bytes] | None:
        if ("list-type" in environ["QUERY_STRING"]) != (only == "list-type"):
            return None
        start(status, [("Content-Length", str(len(body))), *headers])
        return [body]

    return told


def page(
    key: str, tail: str = "<IsTruncated>false</IsTruncated>", tag: str = "&quot;1&quot;", size: str = "9"
) -> bytes:
    told = f"<Key>{key}</Key><LastModified>2026-01-02T03:04:05.000Z</LastModified><ETag>{tag}</ETag><Size>{size}</Size>"
    inside = f"<EncodingType>url</EncodingType><Contents>{told}</Contents>{tail}"
    return f"<ListBucketResult>{inside}</ListBucketResult>".encode()


@pytest.mark.parametrize(
    ("status", "location"),
    [
        ("307 Temporary Redirect", "http://169.254.169.254/latest/meta-data/"),
        ("301 Moved Permanently", "https://s3.example/"),
        ("302 Found", "file:///etc/passwd"),
    ],
)
def test_K6_storage_sends_us_nowhere_else(s3: S3Server, status: str, location: str) -> None:
    s3.instead = saying(b"", status, (("Location", location),))
    found = problem(over_s3(s3))
    assert (type(found), found.reason) == (SourceMisconfigured, f"http-{status[:3]}")
    s3.asked.clear()
    s3.instead = saying(b"", status, (("Location", location),), only="file")
    assert problem(over_s3(s3)).reason == f"http-{status[:3]}"
    assert len(set(s3.asked)) == 2


LAUGHS = b'<!DOCTYPE x [<!ENTITY a "ha"><!ENTITY b "&a;&a;&a;">]>' + page("outgoing/&b;")


@pytest.mark.parametrize(
    ("body", "kind"),
    [
        (LAUGHS, SourceGarbled),
        (b'<!DOCTYPE x SYSTEM "file:///etc/passwd">' + page("outgoing/x"), SourceGarbled),
        (b"<html>people of outgoing</html>", SourceGarbled),
        (b"\x00\xff", SourceGarbled),
        (b"<ListBucketResult>" + b"<Contents/>" * 30_000 + b"</ListBucketResult>", SourceTooLarge),
        (b"<a>" * 5_000 + b"</a>" * 5_000, SourceGarbled),
        (page("outgoing/x", size="-1"), SourceGarbled),
        (page("outgoing/x", size="9" * 40), SourceGarbled),
        (page("outgoing/x", tag="a&#10;X-Evil: 1"), SourceGarbled),
        (page("outgoing/x", tag="é"), SourceGarbled),
        (page("outgoing/x", tail="<IsTruncated>true</IsTruncated>"), SourceGarbled),
    ],
)
def test_K2_K6_a_hostile_listing_is_refused(s3: S3Server, body: bytes, kind: type[SourceProblem]) -> None:
    s3.instead = saying(body)
    assert isinstance(problem(over_s3(s3)), kind)


def test_K6_a_listing_that_always_goes_on_is_ended(s3: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_place, "_MOST_PAGES", 10)
    tail = "<IsTruncated>true</IsTruncated><NextContinuationToken>more</NextContinuationToken>"
    s3.instead = saying(page("outgoing/x", tail=tail))
    assert problem(over_s3(s3)).reason == "listing"


def test_K6_an_object_without_end_is_cut_off(s3: S3Server) -> None:
    def endless(environ: Any, start: Any) -> Iterable[bytes] | None:
        if "list-type" in environ["QUERY_STRING"]:
            return None
        start("206 Partial Content", [("Content-Range", f"bytes 0-{len(DATA) - 1}/{len(DATA)}")])
        return (b"x" * 65_536 for _ in range(100_000))

    s3.instead = endless
    assert isinstance(problem(over_s3(s3)), SourceTooLarge)


@pytest.mark.parametrize(
    ("status", "told", "body", "reason"),
    [
        ("206 Partial Content", f"bytes 0-{len(DATA) - 1}/999999", DATA, "file-changing"),
        ("206 Partial Content", "", DATA, "file-changing"),
        ("206 Partial Content", f"bytes 0-{len(DATA) - 1}/{len(DATA)}", DATA[:-1], "cut-off"),
        ("200 OK", "", DATA[:-1], "cut-off"),
        ("412 Precondition Failed", "", b"", "file-changing"),
        ("404 Not Found", "", b"", "file-gone"),
        ("416 Range Not Satisfiable", "", b"", "file-changing"),
        ("503 Slow Down", "", b"", "http-503"),
    ],
)
def test_K6_an_object_that_is_not_as_it_was_listed_is_not_used(
    s3: S3Server, status: str, told: str, body: bytes, reason: str
) -> None:
    s3.instead = saying(body, status, (("Content-Range", told),) if told else (), only="file")
    assert problem(over_s3(s3)).reason == reason
