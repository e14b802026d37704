"""Files that are fetched: when they are taken, what is kept of connections and over restarts, and how S3 is asked."""

from __future__ import annotations

import os
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import duckdb
import pytest
from hypothesis import given
from hypothesis import strategies as st

from connectors.errors import SourceMisconfigured, SourceProblem
from connectors.files.s3 import place as s3_place
from connectors.files.s3.settings import parse_s3
from connectors.files.s3.signing import Signer, encoded, query
from connectors.registry import build, findings
from connectors.source import Source
from kernel.clock import SystemClock
from tests.doubles.connectors import manifest, source, values
from tests.doubles.drop_folder import csv_bytes, drop
from tests.doubles.drops import look_again, looked
from tests.doubles.s3_server import KEY_ID, SECRET, S3Server
from tests.doubles.sftp_server import PASSWORD, SftpServer

CSV = {"pattern": "*.csv", "format": "csv", "encoding": "utf-8", "subject_column": "id"}
FIELDS = {"fields": {"name": {"column": "name"}}}


@pytest.fixture
def sftp(sftp_server: SftpServer, tmp_path: Path) -> Iterator[SftpServer]:
    """An honest server; each test drops into a folder of its own name."""
    sftp_server.honest()
    yield sftp_server
    sftp_server.honest()


@pytest.fixture
def folder(sftp: SftpServer, tmp_path: Path) -> Path:
    """Its folder for this test."""
    made = sftp.folder / tmp_path.name
    made.mkdir()
    return made


def of(server: SftpServer, folder: Path, **more: Any) -> dict[str, Any]:
    described = {**CSV, **more}
    return described | {"sftp": server.settings(f"/{folder.name}", **described.pop("sftp", {}))}


def people(name: str) -> bytes:
    return csv_bytes([("id", "name"), ("A1", name)])


def test_a_newer_file_takes_over_on_the_same_connection_or_on_a_new_one(sftp: SftpServer, folder: Path) -> None:
    drop(folder, "1.csv", people("一"), modified=1_700_000_000)
    with looked(source("files", of(sftp, folder), ["name"], secrets={"drop": PASSWORD})) as asked:
        assert values(asked) == {"name": "一"}
        made = len(sftp.connections)
        drop(folder, "2.csv", people("二"), modified=1_700_000_100)
        assert values(look_again(asked)) == {"name": "二"}
        assert len(sftp.connections) == made
        sftp.hang_up()
        drop(folder, "3.csv", people("三"), modified=1_700_000_200)
        assert values(look_again(asked)) == {"name": "三"}
        for path in folder.iterdir():
            path.unlink()
        look_again(asked)
        with pytest.raises(SourceProblem) as caught:
            values(asked)
        assert caught.value.reason == "no-file"


@pytest.mark.parametrize(
    ("pickup", "reason"),
    [
        ({"by": "stable", "seconds": 3600}, "file-incoming"),
        ({"by": "marker", "suffix": ".ok"}, "file-incoming"),
        ({"by": "rename"}, ""),
    ],
)
def test_a_file_that_is_still_being_written_is_not_taken(
    sftp: SftpServer, folder: Path, pickup: dict[str, Any], reason: str
) -> None:
    drop(folder, "people.csv", people("新"))
    drop(folder, "people.csv.part", b"half a li")
    with looked(source("files", of(sftp, folder, pickup=pickup), ["name"], secrets={"drop": PASSWORD})) as asked:
        if not reason:
            assert values(asked) == {"name": "新"}
            return
        with pytest.raises(SourceProblem) as caught:
            values(asked)
        assert caught.value.reason == reason
        drop(folder, "people.csv.ok", b"")
        os.utime(folder / "people.csv", (1_700_000_000, 1_700_000_000))
        assert values(look_again(asked)) == {"name": "新"}


def test_what_was_fetched_answers_after_a_restart_while_the_server_is_away(
    sftp: SftpServer, folder: Path, tmp_path: Path
) -> None:
    drop(folder, "people.csv", people("旧"))

    def restarted(port: int) -> Source:
        described = manifest("files", of(sftp, folder, sftp={"port": port}), FIELDS)
        secrets = {"drop": PASSWORD}.__getitem__
        return looked(build(described, secrets=secrets, roots=[], clock=SystemClock(), cache=tmp_path / "cache"))

    with restarted(sftp.port) as asked:
        assert values(asked) == {"name": "旧"}
    reads = sftp.reads
    with restarted(sftp.port) as asked:
        assert values(asked) == {"name": "旧"}
    assert sftp.reads == reads
    room = tmp_path / "cache" / "people"
    assert {path.suffix for path in room.iterdir()} == {"", ".json", ".sqlite3"}
    sftp.password = "another"
    with restarted(sftp.port) as asked:
        assert values(asked) == {"name": "旧"}


@pytest.mark.parametrize(
    ("kind", "form"), [("ssh-ed25519", "openssh"), ("ecdsa-sha2-nistp256", "pkcs8-pem"), ("ssh-rsa", "pkcs1-pem")]
)
def test_keys_of_any_usual_kind_prove_who_we_are(sftp: SftpServer, folder: Path, kind: str, form: str) -> None:
    import asyncssh

    drop(folder, "people.csv", people("钥"))
    key, before = asyncssh.generate_private_key(kind), sftp.client_key
    sftp.client_key = key
    settings = of(sftp, folder, sftp={"key_secret": "key"})
    del settings["sftp"]["password_secret"]
    with looked(source("files", settings, ["name"], secrets={"key": key.export_private_key(form).decode()})) as asked:
        assert values(asked) == {"name": "钥"}
    sftp.client_key = before


@pytest.mark.parametrize(("kind", "form"), [("ssh-ed25519", "openssh"), ("ssh-rsa", "pkcs8-pem")])
@pytest.mark.parametrize(("passphrase", "proves"), [("口令 x\n", True), ("口令 y", False), ("", False), (None, False)])
def test_a_key_behind_a_passphrase_is_opened_by_that_alone(
    sftp: SftpServer, folder: Path, kind: str, form: str, passphrase: str | None, proves: bool
) -> None:
    import asyncssh

    drop(folder, "people.csv", people("钥"))
    key, before = asyncssh.generate_private_key(kind), sftp.client_key
    sftp.client_key = key
    locked = key.export_private_key(form, passphrase="口令 x").decode()
    named = {} if passphrase is None else {"passphrase_secret": "opens"}
    settings = of(sftp, folder, sftp={"key_secret": "key", **named})
    del settings["sftp"]["password_secret"]
    secrets = {"key": locked, "opens": passphrase or ""}
    try:
        if proves:
            with looked(source("files", settings, ["name"], secrets=secrets)) as asked:
                assert values(asked) == {"name": "钥"}
            return
        with pytest.raises(SourceMisconfigured) as caught:
            source("files", settings, ["name"], secrets=secrets)
        assert caught.value.reason == "secret-unusable"
    finally:
        sftp.client_key = before


def test_a_passphrase_for_a_key_that_has_none_is_not_passed_over(sftp: SftpServer, folder: Path) -> None:
    settings = of(sftp, folder, sftp={"key_secret": "key", "passphrase_secret": "opens"})
    del settings["sftp"]["password_secret"]
    plain = sftp.client_key.export_private_key().decode()
    with pytest.raises(SourceMisconfigured):
        source("files", settings, ["name"], secrets={"key": plain, "opens": "x"})


def test_credentials_for_a_while_are_read_for_every_look(s3_server: S3Server) -> None:
    s3_server.honest()
    s3_server.token = "token/1+of=today"
    described = s3_server.settings(s3_server.bucket({"1.csv": people("一")}), key_id_secret="id", token_secret="token")
    del described["key_id"]
    secrets = {"id": KEY_ID, "storage": SECRET, "token": f"{s3_server.token}\n"}
    with looked(source("files", {**CSV, "s3": described}, ["name"], secrets=secrets)) as asked:
        assert values(asked) == {"name": "一"}
        s3_server.secret, s3_server.token = "of tomorrow", "token/2"
        assert stuck(look_again(asked)) == "source.misconfigured http-403"
        assert values(asked) == {"name": "一"}
        secrets |= {"storage": s3_server.secret, "token": s3_server.token}
        assert stuck(look_again(asked)) == ""


@pytest.mark.parametrize("wrong", [{"token": "another"}, {"storage": "another"}, {"id": "ANOTHER"}, {"token": None}])
def test_temporary_credentials_that_do_not_belong_together_are_refused(
    s3_server: S3Server, wrong: dict[str, str | None]
) -> None:
    s3_server.honest()
    s3_server.token = "token"
    described = s3_server.settings(s3_server.bucket({"1.csv": people("一")}), key_id_secret="id", token_secret="token")
    del described["key_id"]
    given = {"id": KEY_ID, "storage": SECRET, "token": "token", **wrong}
    if given["token"] is None:
        del described["token_secret"]
    known = {name: value for name, value in given.items() if value is not None}
    with looked(source("files", {**CSV, "s3": described}, ["name"], secrets=known)) as asked:
        with pytest.raises(SourceMisconfigured) as caught:
            values(asked)
        assert caught.value.reason == "http-403"


def stuck(asked: Source) -> str:
    """Why no newer file can be fetched."""
    standing = asked.standing
    assert standing is not None
    return standing.trouble


@pytest.mark.parametrize("secret", ["", "no key", "-----BEGIN OPENSSH PRIVATE KEY-----\nAAAA\n"])
def test_a_secret_that_is_no_key_is_said_to_be_none(sftp: SftpServer, folder: Path, secret: str) -> None:
    settings = of(sftp, folder, sftp={"key_secret": "key"})
    del settings["sftp"]["password_secret"]
    with pytest.raises(SourceMisconfigured) as caught:
        source("files", settings, ["name"], secrets={"key": secret})
    assert caught.value.reason == "secret-unusable"


HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIHsh6Q0Y1fNs7pYQ2DkVh0zq3oGQkJyJx0d0mW5tYy1e"
SFTP = {"host": "a.example", "host_keys": [HOST_KEY], "username": "u", "password_secret": "p", "folder": "/x"}
S3 = {"endpoint": "https://s.example", "region": "r", "bucket": "abc", "key_id": "k", "secret": "s"}


@pytest.mark.parametrize(
    ("settings", "where"),
    [
        ({"folder": "x", "sftp": SFTP}, ()),
        ({}, ()),
        ({"sftp": {**SFTP, "host": "a.example:22"}}, ("sftp", "host")),
        ({"sftp": {**SFTP, "host": "a/../b"}}, ("sftp", "host")),
        ({"sftp": {**SFTP, "host_keys": []}}, ("sftp", "host_keys")),
        ({"sftp": {key: value for key, value in SFTP.items() if key != "host_keys"}}, ("sftp",)),
        ({"sftp": {**SFTP, "host_keys": ["ssh-dss AAAA"]}}, ("sftp", "host_keys", 0)),
        ({"sftp": {**SFTP, "host_keys": ["ssh-ed25519 AAAAB3NzaC1yc2E="]}}, ("sftp", "host_keys", 0)),
        ({"sftp": {**SFTP, "key_secret": "k"}}, ("sftp",)),
        ({"sftp": {**SFTP, "passphrase_secret": "k"}}, ("sftp", "passphrase_secret")),
        ({"sftp": {**SFTP, "folder": "../x"}}, ("sftp", "folder")),
        ({"sftp": {**SFTP, "trust_any_host": True}}, ("sftp", "trust_any_host")),
        ({"s3": {**S3, "endpoint": "http://s.example"}}, ("s3", "endpoint")),
        ({"s3": {**S3, "endpoint": "https://s.example/abc"}}, ("s3", "endpoint")),
        ({"s3": {**S3, "endpoint": "https://k:s@s.example"}}, ("s3", "endpoint")),
        ({"s3": {**S3, "bucket": "a/b"}}, ("s3", "bucket")),
        ({"s3": {**S3, "region": "r\n"}}, ("s3", "region")),
        ({"s3": {**S3, "prefix": "x"}}, ("s3", "prefix")),
        ({"s3": {**S3, "key_id": "k\n"}}, ("s3", "key_id")),
        ({"s3": {**S3, "key_id_secret": "k"}}, ("s3",)),
        ({"s3": {key: value for key, value in S3.items() if key != "key_id"}}, ("s3",)),
        ({"s3": {**S3, "verify": False}}, ("s3", "verify")),
    ],
)
def test_what_makes_no_sense_is_found_in_its_place(settings: dict[str, Any], where: tuple[str | int, ...]) -> None:
    (found,) = findings(manifest("files", {**CSV, **settings}, FIELDS))
    assert found.where == ("spec", "files", *where)
    assert found.message.zh
    assert found.message.en


def test_an_object_comes_in_pieces_and_a_listing_in_pages(s3_server: S3Server, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(s3_place, "_PIECE", 1000)
    monkeypatch.setattr(s3_place, "_PAGE", 2)
    s3_server.honest()
    rows = [("id", "name"), *((f"B{number}", "x") for number in range(400)), ("A1", "张三")]
    names = ["a b+c&d=e%.csv", "登记.csv", "z.csv"]
    bucket = s3_server.bucket({f"出 去/{name}": csv_bytes(rows) for name in names} | {"出 去/y/other.csv": b"no"})
    settings = {**CSV, "newest_by": "name", "s3": s3_server.settings(bucket, prefix="出 去/")}
    for name in names:
        with looked(source("files", {**settings, "pattern": name}, ["name"], secrets={"storage": SECRET})) as asked:
            assert values(asked) == {"name": "张三"}
    assert sum("continuation-token" in each for each in s3_server.asked) == 3


def test_parquet_from_storage_is_read_where_it_has_no_name(s3_server: S3Server, tmp_path: Path) -> None:
    s3_server.honest()
    with duckdb.connect(":memory:") as database:
        database.execute(f"COPY (SELECT 'A1' AS id, '张三' AS name) TO '{tmp_path}/p.parquet' (FORMAT parquet)")
    bucket = s3_server.bucket({"p.parquet": (tmp_path / "p.parquet").read_bytes(), "q.parquet": b""})
    settings = {"pattern": "p.*", "format": "parquet", "subject_column": "id", "s3": s3_server.settings(bucket)}
    with looked(source("files", settings, ["name"], secrets={"storage": SECRET})) as asked:
        assert values(asked) == {"name": "张三"}


@pytest.mark.parametrize(
    ("endpoint", "path_style", "location"),
    [
        ("https://s.example", True, "https://s.example/abc"),
        ("https://S.example:443/", True, "https://s.example/abc"),
        ("https://s.example:9000", False, "https://abc.s.example:9000"),
        ("http://[::1]:9000", True, "http://[::1]:9000/abc"),
    ],
)
def test_a_bucket_stands_in_the_path_or_before_the_host(endpoint: str, path_style: bool, location: str) -> None:
    assert parse_s3({**S3, "endpoint": endpoint, "path_style": path_style}).location == location


@given(
    key=st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=30).filter(
        lambda key: "/" not in key
    ),
    token=st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=30),
    secret=st.text(st.characters(min_codepoint=33, max_codepoint=126), min_size=1, max_size=40),
    session=st.text(st.characters(min_codepoint=33, max_codepoint=126), max_size=40),
)
def test_the_signature_is_the_one_that_botocore_makes(key: str, token: str, secret: str, session: str) -> None:
    from botocore.auth import S3SigV4Auth
    from botocore.awsrequest import AWSRequest
    from botocore.credentials import Credentials

    url = f"https://s.example:9000/abc/{encoded(key)}?{query([('prefix', key), ('continuation-token', token)])}"
    now = datetime(2026, 11, 28, 12, 0, tzinfo=UTC)
    lines = Signer(KEY_ID, secret, "cn-north-1", session).lines(url, {"range": "bytes=0-9"}, now)
    sent = dict(line.decode().split(": ", 1) for line in lines)
    request = AWSRequest("GET", url, headers={name: sent[name] for name in sent if name != "authorization"})
    request.context["timestamp"] = sent["x-amz-date"]
    auth = S3SigV4Auth(Credentials(KEY_ID, secret), "s3", "cn-north-1")
    made = auth.signature(auth.string_to_sign(request, auth.canonical_request(request)), request)
    assert sent["authorization"].endswith(f"Signature={made}")
