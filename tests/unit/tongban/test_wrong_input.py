"""Every command with ordinary mistakes: the exit status, one sentence, never a traceback (interfaces of the command).

2 is wrong usage or configuration, 1 the honest answer no.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path

import pytest
from click.testing import CliRunner

from tests.doubles.exchange import ITEM, MARKET, OWNER
from tests.unit.tongban.conftest import CLIENT, QUIET, Installation, run
from tongban.cli import COMMANDS, loaded
from tongban.cli import tongban as group

NOWHERE = "postgresql+psycopg://tongban:secret@127.0.0.1:9/nowhere"
LOG_KEY = "ledger.example/v1/ledger+4058ef7c+AQOhB7/zzhC+HXDdGOdLwJln5NYwm6UNXx3chmQSVTG4"
NO_UTF8 = "\udcff"
"""As Python hands on the byte FF of a command line."""
GET = (
    "evidence",
    "get",
    "--service-item",
    ITEM,
    "--case",
    "case_01JD5Z3V9Q4M6W7X8Y9Z0A1B2C",
    "--type",
    "identity-card",
)
EXPLAIN = ("grant", "explain", "--type", "identity-card", "--service-item", ITEM, "--legal-basis", "demo-rules")

FILES: dict[str, str | bytes] = {
    "list.json": "[1]",
    "broken.json": "{",
    "client-scope.json": json.dumps({**CLIENT, "client_id": "x", "scope": "everything"}),
    "client-taken.json": json.dumps(CLIENT),
    "client-nobody.json": json.dumps({**CLIENT, "client_id": "y", "tongban_organisation": "91500000DEM0000000"}),
    "key.json": json.dumps({"kty": "EC"}),
    "people-header.csv": "a,b\n",
    "people-utf16.csv": "username,name,password\n".encode("utf-16"),
    "people-long-header.csv": "a" * 140_000 + ",b\n",
    "people-long-line.csv": "username,name,password\n" + "a" * 140_000 + ",b,c\n",
    "people-latin.csv": b"\xff\xff",
    "deep.json": "[" * 200_000,
    "people-number.csv": "username,name,password,citizen_number\none,某,correct horse battery,123\n",
    "broken.yaml": "kind: [",
    "other.yaml": "kind: Nothing\nmetadata: {name: x}\n",
    "nothing.yaml": "",
    "receipt": "no receipt\n",
    "backup.tar.gz": b"no archive",
}

# command, exit status, what the sentence must say
ADD = ("person", "add", "one", "--name", "某", "--number", "", "--password", "correct horse battery")
TABLE: list[tuple[tuple[str, ...], int, str]] = [
    (("backup", "/proc/x/backup.tar.gz"), 2, "/proc/x"),
    (("backup", "{given}/receipt"), 2, "not overwritten"),
    (("catalogue", "apply", "/nowhere"), 2, "/nowhere"),
    (("sandbox", "check-in", "--client", "/nowhere.json"), 2, "/nowhere.json"),
    (("sandbox", "call", "--client", "/nowhere.json"), 2, "/nowhere.json"),
    (("connector", "health", "nowhere"), 2, "nowhere"),
    (("connector", "try", "nowhere", "--subject", "1"), 2, "18"),
    (("catalogue", "apply", "{given}/broken.yaml"), 2, "broken.yaml:1"),
    (("catalogue", "apply", "{given}/other.yaml"), 2, "kind"),
    (("catalogue", "apply", "{given}/nothing.yaml"), 2, "no manifests found"),
    (("catalogue", "apply", "{empty}"), 2, "no manifests found"),
    (("catalogue", "diff", "{empty}"), 2, "no manifests found"),
    (("client", "add", "--from", "{given}/list.json"), 2, "JSON object"),
    (("client", "add", "--from", "{given}/broken.json"), 2, "not JSON"),
    (("client", "add", "--from", "{given}/client-scope.json"), 2, "openid"),
    (("client", "add", "--from", "{given}/client-taken.json"), 2, "已存在"),
    (("client", "add", "--from", "{given}/client-nobody.json"), 2, "tongban_organisation"),
    (("client", "add", "--from", "{given}/deep.json"), 2, "nested too deeply"),
    (("client", "show", "nobody"), 2, "nobody"),
    (("client", "rotate-secret", "market-website", "--yes"), 2, "secret"),
    (("client", "disable", "nobody", "--yes"), 2, "nobody"),
    (("client", "withdraw-invitation"), 2, "INVITATION"),
    *((("client", leaf, NO_UTF8), 2, "it is not UTF-8") for leaf in ("show", "disable", "rotate-secret")),
    (("client", "withdraw-invitation", NO_UTF8), 2, "it is not UTF-8"),
    (("client", "invite", "--organisation", NO_UTF8), 2, "it is not UTF-8"),
    (("evidence", "get"), 2, "--service-item"),
    (GET, 2, "--field"),
    ((*GET, "--field", "name"), 2, "--client-id"),
    ((*GET, "--field", "name", "--client-id", "x"), 2, "--key"),
    ((*GET, "--field", "name", "--client-id", "x", "--key", "{given}/key.json"), 2, "--legal-basis"),
    ((*GET, "--field", "name", "--client-id", "x", "--key", "{given}/key.json", "--legal-basis", "b"), 2, "ES256"),
    ((*GET, "--predicate", "valid-on:date", "--client", "{given}/window.json"), 2, "valid-on:date="),
    ((*GET, "--field", "name", "--client", "{given}/window.json"), 2, "does not answer"),
    ((*GET, "--field", "name", "--client", "{given}/deep.json"), 2, "nested too deeply"),
    ((*GET, "--field", "name", "--client-id", "x", "--key", "{given}/deep.json"), 2, "nested too deeply"),
    (("sandbox", "check-in", "--client", "{given}/deep.json"), 2, "nested too deeply"),
    (("erase", "--subject", "123", "--yes"), 2, "号码不正确"),
    (("erase", "--subject", OWNER[:-1] + ("0" if OWNER[-1] != "0" else "1"), "--yes"), 2, "check"),
    (("erase", "--scheme", "passport", "--subject", "1", "--yes"), 2, "--scheme"),
    (("grant", "show", "NOBODY"), 1, "NOBODY"),
    (("grant", "export", "NOBODY"), 1, "NOBODY"),
    (("grant", "show", NO_UTF8), 2, "'REFERENCE' 的值不对"),
    (("grant", "suspend", NO_UTF8, "--reason", "x", "--yes"), 2, "it is not UTF-8"),
    (("request", "show", NO_UTF8), 2, "it is not UTF-8"),
    (("request", "show", "ar_nobody"), 1, "ar_nobody"),
    (("grant", "replay", "--from", "yesterday"), 2, "--from"),
    (("grant", "suspend", "NOBODY", "--reason", "x", "--yes"), 1, "/"),
    (("grant", "suspend", "G-IDENTITY", "--reason", "x", "--yes"), 1, "/"),
    (("grant", "submit", "G-IDENTITY"), 2, "does not answer"),
    (("grant", "approve", "G-IDENTITY"), 2, "does not answer"),
    ((*EXPLAIN, "--system", "market-website", "--field", "name"), 1, "deny"),
    ((*EXPLAIN, "--system", "x" * 200), 2, "well-formed"),
    ((*EXPLAIN, "--system", "market-website", "--at", "tomorrow!!"), 2, "well-formed"),
    (EXPLAIN, 2, "--system or --decision is missing"),
    ((*EXPLAIN, "--decision", "dec_x"), 2, "without a request to try"),
    (("grant", "explain", "--decision", "dec_x"), 1, "no decision dec_x is logged"),
    (("keys", "revoke", "nothing", "--yes"), 2, "identifier"),
    (("keys", "add", "HS256"), 2, "HS256"),
    (("keys", "list", "--service", "mars"), 2, "mars"),
    (("ledger", "prove", "4000"), 1, "4000"),
    (("ledger", "prove", "-1"), 2, "-1"),
    (("organisation", "add", "123", "--name-zh", "一", "--name-en", "One"), 2, "18"),
    (("person", "add", "one", "--name", "某", "--password", "correct horse battery", "--number", "123"), 2, "18"),
    (("person", "add", "one", "--name", "某", "--password", "short", "--number", ""), 2, "8"),
    ((*ADD, "--organisation", "91500000DEM0000000"), 2, "/"),
    (("person", "import", "{given}/people-header.csv"), 2, "username"),
    (("person", "import", "{given}/people-utf16.csv"), 2, "GB 18030"),
    (("person", "import", "{given}/people-number.csv"), 2, "line 2"),
    (("person", "import", "{given}/people-long-header.csv"), 2, "line 1 is not CSV"),
    (("person", "import", "{given}/people-long-line.csv"), 2, "line 2 is not CSV"),
    (("person", "import", "/dev/zero"), 2, "more than 16 MiB"),
    (("person", "add", NO_UTF8, *ADD[3:]), 2, "it is not UTF-8"),
    (("person", "disable", NO_UTF8, "--yes"), 2, "it is not UTF-8"),
    (("organisation", "add", NO_UTF8, "--name-zh", "一", "--name-en", "One"), 2, "it is not UTF-8"),
    (("organisation", "add", MARKET, "--name-zh", NO_UTF8, "--name-en", "One"), 2, "it is not UTF-8"),
    (("person", "disable", "nobody", "--yes"), 2, "user name"),
    (("resource", "add", "--from", "{given}/list.json"), 2, "JSON object"),
    (("resource", "add", "--from", "{given}/deep.json"), 2, "nested too deeply"),
    (("resource", "add", "--from", "/dev/zero"), 2, "more than 1 MiB"),
    (("resource", "disable", "https://nobody.example", "--yes"), 2, "nobody"),
    (("serve", "mars"), 2, "mars"),
    (("db", "sideways"), 2, "sideways"),
]
WITHOUT_CONFIGURATION: list[tuple[tuple[str, ...], int, str]] = [
    (("nothing",), 2, "没有这个命令；用法见 tongban --help / no such command 'nothing': see"),
    (("client", "nothing"), 2, "没有这个命令；用法见 tongban client --help"),
    (("--nothing",), 2, "没有选项 --nothing；用法见 tongban --help"),
    (("client", "show", "x", "--nothing"), 2, "没有选项 --nothing；用法见 tongban client show --help"),
    (("client", "show"), 2, "缺少 'CLIENT_ID'；用法见 tongban client show --help / missing argument"),
    (("client", "show", "x", "y"), 2, "命令的写法不对；用法见 tongban client show --help / got unexpected"),
    (("client", "invite", "--organisation", "x", "--uses", "900"), 2, "'--uses' 的值不对"),
    (("keys", "add"), 2, "Choose from: ES256, EdDSA, PS256, RS256: see tongban keys add --help."),
    (("client", "rotate-secret", "x"), 1, "--yes"),
    (("client", "withdraw-invitation", "x"), 1, "--yes"),
    (("resource", "disable", "x"), 1, "--yes"),
    (("connector", "scaffold", "sample", "/nowhere.csv"), 2, "/nowhere.csv"),
    (("init",), 2, "--data"),
    (("init", "--data", "/proc/x"), 2, "/proc/x"),
    (("init", "--data", "{own}/pg", "--database", NOWHERE), 2, "database"),
    (("init", "--data", "{own}/mysql", "--database", "mysql://x/y"), 2, "postgresql+psycopg"),
    (("init", "--data", "{own}/lite", "--database", "sqlite:///x"), 2, "leave it out"),
    (("init", "--data", "{own}/a?b"), 2, "?"),
    (("init", "--data", "{own}/x", "--issuer", "https://id.example"), 2, "together"),
    (("init", "--data", "{own}/x", "--issuer", "http://id.example", "--exchange", "https://x.example"), 2, "https"),
    (("init", "--data", "{folder}"), 2, "not overwritten"),
    (("demo", "--once", "--data", "{folder}", "--port-base", "9770"), 2, "not overwritten"),
    (("demo", "--once", "--data", "{own}/demo", "--port-base", "9770", "--database", NOWHERE), 2, "database"),
    (("demo", "--once", "--data", "/proc/x"), 2, "/proc/x"),
    (("demo", "--story", "cinema"), 2, "cinema"),
    (("restore", "{given}/backup.tar.gz"), 2, "not a whole backup"),
    (("restore", "/nowhere"), 2, "/nowhere"),
    (("verify", "{given}/receipt"), 2, "--key"),
    (("verify", "{given}/receipt", "--key", "nonsense"), 2, "malformed"),
    (("verify", "{given}/receipt", "--key", LOG_KEY, "--jwks", "{given}/list.json"), 2, "--evidence"),
    (
        ("verify", "{given}/receipt", "--key", LOG_KEY, "--evidence", "{given}/receipt", "--jwks", "{given}/list.json"),
        2,
        "one JSON object",
    ),
    (
        ("verify", "{given}/receipt", "--key", LOG_KEY, "--evidence", "{given}/receipt", "--jwks", "{given}/deep.json"),
        2,
        "nested too deeply",
    ),
    (("verify", "{given}/receipt", "--key", LOG_KEY, "--evidence", "{given}/people-latin.csv"), 1, "not text"),
    (("verify", "{given}/receipt", "--key", NO_UTF8), 2, "'--key' 的值不对"),
    (("verify", "/dev/zero", "--key", LOG_KEY), 2, "more than 16 MiB"),
    (("verify", "{given}/receipt", "--key", LOG_KEY), 1, "not verified"),
    (("ledger", "witness", "--state", "{own}/w", "--log", LOG_KEY), 2, "--url"),
    (("ledger", "witness", "--state", "{own}/w", "--log", "x", "--name", "w", "--listen", "127.0.0.1:0"), 2, "--log"),
    (("ledger", "witness", "--state", "{own}/w1", "--log", LOG_KEY, "--url", "http://127.0.0.1:9"), 2, "--name"),
    (
        ("ledger", "witness", "--state", "{own}/w2", "--log", LOG_KEY, "--name", "w", "--url", "http://127.0.0.1:9"),
        2,
        "does not answer",
    ),
    (("nonsense",), 2, "nonsense"),
]


def filled(words: tuple[str, ...], installation: Installation, own: Path) -> list[str]:
    for name, content in FILES.items():
        installation.file(name, content)
    window = {"client_id": "market-website", "private_key": private_key(), "legal_basis": "demo-rules"}
    window |= {"issuer": "http://127.0.0.1:9"}
    installation.file("window.json", json.dumps(window))
    places = {"given": installation.folder / "given", "folder": installation.folder, "own": own, "empty": own / "empty"}
    (own / "empty").mkdir(exist_ok=True)
    return [word.format(**places) if word.startswith("{") or "/{" in word else word for word in words]


def private_key() -> dict[str, str]:
    from kernel import jose
    from kernel.entropy import SeededEntropy

    return dict(jose.generate_p256(SeededEntropy(5)))


def named(case: tuple[tuple[str, ...], int, str]) -> str:
    return " ".join(case[0])[:80]


@pytest.mark.parametrize("case", TABLE, ids=named)
def test_a_mistake_is_one_sentence_and_a_truthful_status(
    installation: Installation, tmp_path: Path, case: tuple[tuple[str, ...], int, str]
) -> None:
    words, status, says = case
    done = installation(*filled(words, installation, tmp_path), given="")
    assert done.exit_code == status, done.output
    assert says in done.output


@pytest.mark.parametrize("case", WITHOUT_CONFIGURATION, ids=named)
def test_a_mistake_before_there_is_a_configuration(
    installation: Installation, tmp_path: Path, case: tuple[tuple[str, ...], int, str]
) -> None:
    words, status, says = case
    done = run(*filled(words, installation, tmp_path), given="")
    assert done.exit_code == status, done.output
    assert says in done.output
    assert "secret" not in done.output.replace("TOTP secret", "")


CONFIGURED = [
    (name, leaf)
    for name, command in {name: loaded(name) for name in COMMANDS}.items()
    for leaf, each in getattr(command, "commands", {"": command}).items()
    if any("--config" in parameter.opts for parameter in each.params)
]


def words_for(name: str, leaf: str, given: Path) -> list[str]:
    """Words enough for a command to get as far as its configuration."""
    extra = {
        "backup": [str(given / "new.tar.gz")],
        "catalogue apply": [str(given / "catalogue.yaml")],
        "catalogue diff": [str(given / "catalogue.yaml")],
        "client add": ["--from", str(given / "client.json")],
        "client invite": ["--organisation", MARKET],
        "client show": ["x"],
        "client rotate-secret": ["x", "--yes"],
        "client disable": ["x", "--yes"],
        "client withdraw-invitation": ["x", "--yes"],
        "erase": ["--subject", OWNER, "--yes"],
        "connector try": ["x", "--subject", OWNER],
        "evidence get": [*GET[2:], "--field", "name", "--client", str(given / "window.json")],
        "grant show": ["x"],
        "request show": ["x"],
        "grant submit": ["x"],
        "grant approve": ["x"],
        "grant explain": [*EXPLAIN[2:], "--system", "x"],
        "grant suspend": ["x", "--reason", "x", "--yes"],
        "keys add": ["EdDSA"],
        "keys revoke": ["x", "--yes"],
        "ledger prove": ["0"],
        "organisation add": [MARKET, "--name-zh", "一", "--name-en", "One"],
        "person add": ["x", "--name", "x", "--number", "", "--password", "correct horse battery"],
        "person import": [str(given / "people-number.csv")],
        "person disable": ["x", "--yes"],
        "resource add": ["--from", str(given / "client.json")],
        "resource disable": ["x", "--yes"],
        "sandbox check-in": ["--client", str(given / "window.json")],
        "sandbox call": ["--client", str(given / "window.json")],
    }
    return [name, *([leaf] if leaf else []), *extra.get(f"{name} {leaf}".strip(), [])]


@pytest.mark.parametrize(("name", "leaf"), CONFIGURED, ids=lambda word: word or "-")
def test_without_its_configuration_or_with_a_wrong_one_every_command_says_so(
    installation: Installation, tmp_path: Path, name: str, leaf: str
) -> None:
    filled((), installation, tmp_path)
    words = words_for(name, leaf, installation.folder / "given")
    missing = run(*words, "--config", tmp_path / "nothing.toml", given="")
    assert missing.exit_code == 2, missing.output
    assert "tongban init" in missing.output
    unknown = tmp_path / "unknown.toml"
    unknown.write_text('[idp]\nissuerr = "x"\n', encoding="utf-8")
    assert run(*words, "--config", unknown, given="").exit_code == 2


@pytest.fixture(scope="module")
def bare(make_database: Callable[[], str]) -> str:
    """A database without tables."""
    return make_database()


@pytest.mark.parametrize(("name", "leaf"), CONFIGURED, ids=lambda word: word or "-")
@pytest.mark.parametrize("harm", ["no keys", "no tables", "no server"])
def test_a_harmed_installation_is_said_in_one_sentence(
    installation: Installation, bare: str, tmp_path: Path, name: str, leaf: str, harm: str
) -> None:
    alone = ("grant submit", "grant approve", "evidence get", "sandbox check-in", "sandbox call")
    if f"{name} {leaf}" in (*alone, "db upgrade", "connector files"):
        return  # they talk to the services alone; an upgrade mends; reports on files need neither keys nor tables
    filled((), installation, tmp_path)
    copy = tmp_path / "copy"
    copy.mkdir()
    if harm == "no keys":
        text = installation.configured().replace("/keys/", "/no-keys/")
    else:
        elsewhere = {"no tables": bare, "no server": NOWHERE}[harm]
        text = installation.configured(idp=elsewhere, exchange=elsewhere)
    (copy / "tongban.toml").write_text(text, encoding="utf-8")
    words = words_for(name, leaf, installation.folder / "given")
    done = run(*words, "--config", copy / "tongban.toml", given="")
    shutil.rmtree(installation.folder / "given" / "new.tar.gz", ignore_errors=True)
    fine = {"no keys": {"db check", "backup"}, "no tables": {"keys list"}, "no server": {"keys list"}}[harm]
    if f"{name} {leaf}".strip() not in fine:
        assert done.exit_code in (1, 2), done.output
        assert "/" in done.output
    assert "secret" not in done.output


def test_every_command_has_a_mistake_in_the_table() -> None:
    """A new command comes with its wrong input."""
    tried = {" ".join(words[:2]) for words, _, _ in TABLE + WITHOUT_CONFIGURATION}
    tried |= {words[0] for words, _, _ in TABLE + WITHOUT_CONFIGURATION}
    harmless = {"catalogue export", "client list", "client invite", "doctor", "grant list", "keys list", "keys rotate"}
    harmless |= {
        "db check",
        "db upgrade",
        "ledger verify",
        "ledger reconcile",
        "connector list",
        "connector files",
        "ledger checkpoint",
        "organisation list",
        "resource list",
    }
    harmless |= {"person first-administrator", "client invitations", "catalogue responsibility", "request list"}
    for name, command in {name: loaded(name) for name in COMMANDS}.items():
        for leaf in getattr(command, "commands", {"": command}):
            full = f"{name} {leaf}".strip()
            assert full in tried | harmless, full


def test_help_is_no_mistake() -> None:
    assert CliRunner().invoke(group, ["--help"], env=QUIET).exit_code == 0
