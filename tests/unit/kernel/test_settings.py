"""Configuration: one file, the environment on top, unknown keys refused, secrets never shown."""

from __future__ import annotations

import copy
import json
import pickle
from dataclasses import fields
from pathlib import Path

import orjson
import pytest

from kernel import settings
from kernel.settings import ExchangeSettings, IdpSettings, Secret, Settings, SettingsError, SourceSecrets, load

PASSWORD = "hunter2-very-secret"
POSTGRESQL = f"postgresql+psycopg://tongban:{PASSWORD}@db/idp"
ROOT = Path(__file__).parents[3]


def write(folder: Path, text: str) -> Path:
    path = folder / "tongban.toml"
    path.write_text(text, encoding="utf-8")
    return path


def test_without_a_file_everything_has_a_default(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    loaded = load(None, {})
    assert loaded.data_dir == tmp_path / "data"
    assert loaded.idp.issuer == loaded.exchange.issuer == "http://127.0.0.1:8400"
    assert loaded.idp.exchange_resource == loaded.exchange.origin == "http://127.0.0.1:8401"
    assert loaded.idp.database_url == f"sqlite:///{tmp_path}/data/idp.sqlite3"
    assert loaded.exchange.key_dir == tmp_path / "data/keys/exchange"
    assert loaded.exchange.source_secrets is None


def test_the_data_folder_is_the_files_own_and_moves_its_defaults(tmp_path: Path) -> None:
    path = write(tmp_path, "")
    assert load(path, {}).idp.key_dir == tmp_path / "keys/idp"
    moved = load(path, {"TONGBAN_DATA_DIR": "/srv/tongban"})
    assert moved.data_dir == Path("/srv/tongban")
    assert moved.exchange.database_url == "sqlite:////srv/tongban/exchange.sqlite3"


def test_every_type_from_the_file_and_from_the_environment(tmp_path: Path) -> None:
    path = write(
        tmp_path,
        """
        data_dir = "state"
        [idp]
        issuer = "https://id.example.gov.cn:8443"
        session_hours = 8
        trusted_proxies = ["10.0.0.0/8", "::1"]
        [exchange]
        source_secrets = "secrets"
        connector_roots = ["drop", "/srv/drop"]
        listen = "[::1]:8401"
        """,
    )
    environ = {"TONGBAN_IDP__SESSION_HOURS": "9", "TONGBAN_EXCHANGE__TRUSTED_PROXIES": "10.1.2.3, 10.1.2.4,"}
    loaded = load(path, environ)
    assert loaded.data_dir == tmp_path / "state"
    assert loaded.idp.issuer == "https://id.example.gov.cn:8443"
    assert loaded.idp.session_hours == 9
    assert loaded.idp.trusted_proxies == ("10.0.0.0/8", "::1")
    assert loaded.exchange.trusted_proxies == ("10.1.2.3", "10.1.2.4")
    assert loaded.exchange.source_secrets == tmp_path / "secrets"
    assert loaded.exchange.connector_roots == (tmp_path / "drop", Path("/srv/drop"))
    assert load(path, {"TONGBAN_EXCHANGE__SOURCE_SECRETS": ""}).exchange.source_secrets is None


@pytest.mark.parametrize(
    ("text", "where", "what"),
    [
        ("[idp]\nissur = 'x'", "[idp]", "did you mean issuer?"),
        ("[ipd]\nissuer = 'x'", "tongban.toml", "did you mean idp?"),
        ("idp = 'x'", "tongban.toml", "unknown key idp"),
        ("zzz = 1", "tongban.toml", "unknown key zzz"),
        ("[idp]\nworkers = 'two'", "[idp] workers", "whole number"),
        ("[idp]\nworkers = true", "[idp] workers", "whole number"),
        ("[idp]\nworkers = 0", "[idp] workers", "between 1 and 64"),
        ("[exchange]\nrecorded_credit_codes = ['91350100M000100Y43']", "recorded_credit_codes", "number 1: only codes"),
        (
            "[exchange]\nrecorded_credit_codes = ['91350100M000100Y44', '9135']",
            "[exchange] recorded_credit_codes",
            "number 2: A unified social credit code has 18",
        ),
        ("[exchange]\nrecorded_credit_codes = ['91350100m000100y44']", "recorded_credit_codes", "number 1"),
        ("[idp]\nkeys = 'safe'", "[idp] keys", "file or pkcs11"),
        ("[idp]\nkeys = 'pkcs11'", "[idp] keys", "pkcs11_module"),
        ("[idp]\nsigning_algorithms = ['RS256']", "[idp] signing_algorithms", "must hold ES256"),
        ("[idp]\nsigning_algorithms = ['ES256', 'none']", "[idp] signing_algorithms", "PS256, RS256 only"),
        ("[idp]\nissuer = 5", "[idp] issuer", "must be a text"),
        ("[idp]\nissuer = 'https://id.example.gov.cn/a'", "[idp] issuer", "must have no path"),
        ("[idp]\nmtls_origin = 'https://mtls.example.gov.cn/a'", "[idp] mtls_origin", "must have no path"),
        ("[exchange]\norigin = 'https://data.example.gov.cn/a'", "[exchange] origin", "must have no path"),
        ("[idp]\nissuer = 'https://id.example.gov.cn/'", "[idp] issuer", "slash at the end"),
        ("[idp]\ntrusted_proxies = 5", "[idp] trusted_proxies", "must be a list"),
        ("[idp]\ntrusted_proxies = ['host']", "[idp] trusted_proxies", "networks"),
        ("[idp]\nlog_level = 'loud'", "[idp] log_level", "debug, info"),
        ("[idp]\ndatabase_url = 'mysql://x/y'", "[idp] database_url", "postgresql+psycopg"),
        ("[exchange]\nworkers = 2", "[exchange] workers", "PostgreSQL"),
        ("data_dir = 5", "data_dir", "must be a text"),
        ("[idp\n", "tongban.toml", "not valid TOML"),
    ],
)
def test_what_is_wrong_in_the_file_is_named_with_its_place(tmp_path: Path, text: str, where: str, what: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(write(tmp_path, text), {})
    assert where in refusal.value.text.en
    assert where in refusal.value.text.zh
    assert what in refusal.value.text.en


@pytest.mark.parametrize(
    ("environ", "what"),
    [
        ({"TONGBAN_IDP__ISSUR": "x"}, "TONGBAN_IDP__ISSUR: unknown key issur; did you mean issuer?"),
        ({"TONGBAN_IPD__ISSUER": "x"}, "TONGBAN_IPD__ISSUER: unknown key ipd; did you mean idp?"),
        ({"TONGBAN_IDP__LISTEN_FILE": "/x"}, "TONGBAN_IDP__LISTEN_FILE: unknown key listen_file"),
        ({"TONGBAN_IDP__THREADS": "-1"}, "TONGBAN_IDP__THREADS: must be a whole number"),
        ({"TONGBAN_IDP__THREADS": "9" * 5000}, "TONGBAN_IDP__THREADS: must be between"),
        ({"TONGBAN_IDP__DATABASE_URL_FILE": "/nowhere/x"}, "TONGBAN_IDP__DATABASE_URL_FILE: the file /nowhere/x"),
        ({"TONGBAN_IDP__WORKERS": "2"}, "SQLite allows one worker"),
    ],
)
def test_what_is_wrong_in_the_environment_is_named(environ: dict[str, str], what: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(None, environ)
    assert what in str(refusal.value)


def test_variables_set_by_container_platforms_are_not_configuration() -> None:
    assert load(None, {"TONGBAN_IDP_PORT": "tcp://10.0.0.1:8400", "TONGBAN_SOAK": "1", "PATH": "/bin"}) == load(
        None, {}
    )


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(SettingsError, match="No such file"):
        load(tmp_path / "absent.toml", {})


@pytest.mark.parametrize(
    ("url", "accepted"),
    [
        ("https://id.example.gov.cn", True),
        ("http://localhost:8400", True),
        ("http://[::1]:8400", True),
        ("http://127.9.9.9", True),
        ("http://id.example.gov.cn", False),
        ("https://id.example.gov.cn/", False),
        ("https://id.example.gov.cn?x=1", False),
        ("https://id.example.gov.cn?", False),
        ("https://id.example.gov.cn#", False),
        ("https://user@id.example.gov.cn", False),
        ("https://id.example.gov.cn:99999", False),
        ("https://[::1", False),
        ("https://", False),
        ("ftp://localhost", False),
        ("", False),
    ],
)
def test_rfc8414_2_an_issuer_is_a_plain_https_url(url: str, accepted: bool) -> None:
    environ = {"TONGBAN_IDP__ISSUER": url}
    if accepted:
        assert load(None, environ).idp.issuer == url
        return
    with pytest.raises(SettingsError, match="https"):
        load(None, environ)


@pytest.mark.parametrize(
    "listen", ["8400", ":8400", "host:", "host:x", "host:65536", "::1:8400", "[::1:8400", "host:٣"]
)
def test_an_address_to_listen_on_has_host_and_port(listen: str) -> None:
    with pytest.raises(SettingsError, match="host:port"):
        load(None, {"TONGBAN_IDP__LISTEN": listen})
    with pytest.raises(SettingsError, match="host:port"):
        load(None, {"TONGBAN_IDP__METRICS_LISTEN": listen})


def test_several_workers_are_welcome_on_postgresql() -> None:
    loaded = load(None, {"TONGBAN_IDP__WORKERS": "4", "TONGBAN_IDP__DATABASE_URL": POSTGRESQL})
    assert loaded.idp.workers == 4


def test_a_secret_may_come_from_a_file_but_not_from_two_places(tmp_path: Path) -> None:
    path = tmp_path / "url"
    path.write_text(POSTGRESQL + "\n")
    environ = {"TONGBAN_IDP__DATABASE_URL_FILE": str(path)}
    assert load(None, environ).idp.database_url == POSTGRESQL
    with pytest.raises(SettingsError, match="given twice"):
        load(None, {**environ, "TONGBAN_IDP__DATABASE_URL": POSTGRESQL})


def test_printing_the_settings_shows_no_password() -> None:
    loaded = load(None, {"TONGBAN_IDP__DATABASE_URL": POSTGRESQL})
    assert PASSWORD not in f"{loaded!r} {loaded}"


@pytest.mark.parametrize("url", [POSTGRESQL.replace("db/", "db:port/"), POSTGRESQL.replace("+psycopg", "+asyncpg")])
def test_an_error_about_the_database_shows_no_password(url: str) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(None, {"TONGBAN_IDP__DATABASE_URL": url})
    assert PASSWORD not in f"{refusal.value!r} {refusal.value} {refusal.value.__cause__} {refusal.value.text}"


def test_a_broken_file_is_not_quoted(tmp_path: Path) -> None:
    with pytest.raises(SettingsError) as refusal:
        load(write(tmp_path, f"[idp]\ndatabase_url = {POSTGRESQL}"), {})
    assert PASSWORD not in str(refusal.value)


def test_a_secret_shows_itself_only_when_asked() -> None:
    secret = Secret(PASSWORD)
    assert secret.reveal() == PASSWORD
    assert PASSWORD not in f"{secret} {secret!r} {secret!s:>40} {[secret]} {vars(Secret)}"
    assert secret == Secret(PASSWORD) != Secret("other")
    assert secret != PASSWORD
    assert len({secret, Secret(PASSWORD)}) == 1
    for serialise in (json.dumps, orjson.dumps, pickle.dumps, copy.deepcopy):
        with pytest.raises(TypeError):
            serialise(secret)


def test_connectors_secrets_are_files_in_one_folder(tmp_path: Path) -> None:
    (tmp_path / "population").write_text(PASSWORD + "\n")
    (tmp_path / "binary").write_bytes(b"\xff")
    secrets = SourceSecrets(tmp_path)
    assert secrets("population") == PASSWORD
    assert PASSWORD not in repr(secrets.find("population"))
    for name in ("absent", "binary", "../population", "", ".", "a/b", "x\0"):
        with pytest.raises(SettingsError, match="source_secrets"):
            secrets(name)
    with pytest.raises(SettingsError, match="population"):
        SourceSecrets(None)("population")


@pytest.mark.parametrize(
    ("key", "value"),
    [
        ("waiting_person_working_days", 0),
        ("waiting_preview_days", 91),
        ("waiting_source_hours", 1),
        ("waiting_consent_days", 181),
    ],
)
def test_a_wait_that_makes_no_sense_is_refused(key: str, value: int) -> None:
    with pytest.raises(SettingsError, match=key.upper()):
        load(None, environ={f"TONGBAN_EXCHANGE__{key.upper()}": str(value)})


def test_the_reference_is_current() -> None:
    written = (ROOT / "docs/configuration.md").read_text("utf-8")
    assert written == settings.reference(), "write docs/configuration.md anew from kernel.settings.reference()"


def test_the_reference_names_every_key_in_both_languages() -> None:
    text = settings.reference()
    for section, owner in (("IDP", IdpSettings), ("EXCHANGE", ExchangeSettings)):
        for each in fields(owner):
            meaning = each.metadata["key"].meaning
            assert f"`TONGBAN_{section}__{each.name.upper()}`" in text
            assert meaning.zh in text
            assert meaning.en in text


def test_the_fields_defaults_agree_with_the_loaded_ones(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    shown = [f"{each}{each.idp.database_url}{each.exchange.database_url}" for each in (Settings(), load(None, {}))]
    assert shown[0] == shown[1].replace(f"{tmp_path}/", "")
