"""Reading the configuration: file, then environment, then types and rules, then what only holds together."""

from __future__ import annotations

import difflib
import tomllib
import types
import typing
from collections.abc import Mapping
from dataclasses import Field, dataclass, fields
from pathlib import Path
from typing import Any

from kernel.settings import checks
from kernel.settings.model import SECTIONS, ExchangeSettings, IdpSettings, Key, Settings, SettingsError
from kernel.text import Text

PREFIX = "TONGBAN_"
_TOP = ""
"""The name under which keys outside any section are kept."""


@dataclass(frozen=True, slots=True)
class _Given:
    """A value as somebody wrote it, where, and the folder its relative paths begin at."""

    value: object
    where: str
    folder: Path


_GivenKeys = dict[tuple[str, str], _Given]


def load(path: Path | None, environ: Mapping[str, str]) -> Settings:
    """The configuration from ``path`` (None: defaults) with ``environ`` on top.

    Raises SettingsError naming file or variable, key and remedy: for an unreadable file, an unknown key, a value of the
    wrong type or against its rule, and SQLite with several workers.
    """
    given = {**_from_file(path), **_from_environment(environ)}
    data_dir = _data_dir(given.get((_TOP, "data_dir")), path)
    idp = _section("idp", given, data_dir)
    exchange = _section("exchange", given, data_dir)
    settings = Settings(idp=IdpSettings(**idp), exchange=ExchangeSettings(**exchange), data_dir=data_dir)
    _refuse_a_token_nobody_named(settings.idp, given)
    _refuse_sqlite_with_workers("idp", settings.idp, given)
    _refuse_sqlite_with_workers("exchange", settings.exchange, given)
    _refuse_carrier_without_address(settings.idp, given)
    _refuse_mail_without_server(settings.exchange, given)
    return settings


def _names(section: str) -> list[str]:
    return [each.name for each in fields(SECTIONS[section])] if section else ["data_dir"]


def _is_secret(section: str, name: str) -> bool:
    return any(each.name == name and each.metadata["key"].secret for each in fields(SECTIONS[section]))


# --- the file ---------------------------------------------------------------------------------------------------------


def _from_file(path: Path | None) -> _GivenKeys:
    if path is None:
        return {}
    folder = path.absolute().parent
    found: _GivenKeys = {}
    for name, value in _parsed(path).items():
        if name in SECTIONS and isinstance(value, dict):
            for inner, member in value.items():
                found[name, inner] = _Given(member, f"{path} [{name}] {inner}", folder)
                _refuse_unknown(inner, _names(name), f"{path} [{name}]")
        else:
            _refuse_unknown(name, [*_names(_TOP)], str(path), also=list(SECTIONS))
            found[_TOP, name] = _Given(value, f"{path} {name}", folder)
    return found


def _parsed(path: Path) -> dict[str, Any]:
    try:
        return tomllib.loads(path.read_text("utf-8"))
    except OSError as error:
        reason = error.strerror or type(error).__name__
        raise SettingsError(str(path), Text(f"无法读取：{reason}", f"cannot be read: {reason}")) from None
    except ValueError as error:  # tomllib names line and column, and quotes no value
        raise SettingsError(str(path), Text(f"不是有效的 TOML：{error}", f"is not valid TOML: {error}")) from None


def _refuse_unknown(name: str, known: list[str], where: str, also: list[str] | None = None) -> None:
    if name in known:
        return
    near = difflib.get_close_matches(name, known + (also or []), 1, 0.5)
    raise SettingsError(
        where,
        Text(
            f"不认识的配置项 {name}" + (f"，是不是 {near[0]}？" if near else ""),
            f"unknown key {name}" + (f"; did you mean {near[0]}?" if near else ""),
        ),
    )


# --- the environment --------------------------------------------------------------------------------------------------


def _from_environment(environ: Mapping[str, str]) -> _GivenKeys:
    found: _GivenKeys = {}
    for variable, value in sorted(environ.items()):
        place = _place_of(variable)
        if place is None:
            continue
        section, name, from_file = place
        if (section, name) in found:
            raise SettingsError(variable, Text(f"{name} 给了两次", f"{name} is given twice"))
        text = _content_of(variable, value) if from_file else value
        found[section, name] = _Given(text, variable, Path.cwd())
    return found


def _place_of(variable: str) -> tuple[str, str, bool] | None:
    """Section, key and whether the value is a file's name; None for a variable that is not configuration.

    Without two underscores only ``TONGBAN_DATA_DIR`` is ours: container platforms set variables such as
    ``TONGBAN_IDP_PORT`` by themselves.
    """
    if not variable.startswith(PREFIX):
        return None
    section, double, name = variable.removeprefix(PREFIX).lower().partition("__")
    if not double:
        return (_TOP, section, False) if section in _names(_TOP) else None
    if section not in SECTIONS:
        _refuse_unknown(section, list(SECTIONS), variable)
    base = name.removesuffix("_file")
    if base != name and base in _names(section) and _is_secret(section, base):
        return section, base, True
    _refuse_unknown(name, _names(section), variable)
    return section, name, False


def _content_of(variable: str, path: str) -> str:
    try:
        return Path(path).read_text("utf-8").strip()
    except (OSError, UnicodeError):
        raise SettingsError(variable, Text(f"文件 {path} 无法读取", f"the file {path} cannot be read")) from None


# --- types and rules --------------------------------------------------------------------------------------------------


def _data_dir(given: _Given | None, path: Path | None) -> Path:
    if given is not None:
        return _as_path(given)
    return path.absolute().parent if path else Path("data").absolute()


def _section(section: str, given: _GivenKeys, data_dir: Path) -> dict[str, Any]:
    hints = typing.get_type_hints(SECTIONS[section])
    values = {}
    for each in fields(SECTIONS[section]):
        key: Key = each.metadata["key"]
        entry = given.get((section, each.name)) or _default_of(each, data_dir, f"[{section}] {each.name}")
        values[each.name] = value = _typed(hints[each.name], entry)
        if wrong := key.check(value):
            raise SettingsError(entry.where, wrong)
    return values


def _default_of(each: Field[Any], data_dir: Path, where: str) -> _Given:
    below: str | None = each.metadata["key"].below
    return _Given(below.replace("<data_dir>", str(data_dir)) if below else each.default, where, data_dir)


def _typed(wanted: Any, entry: _Given) -> object:
    if isinstance(wanted, types.UnionType):  # Path | None: an empty text means none
        return _as_path(entry) if entry.value not in {None, ""} else None
    if typing.get_origin(wanted) is tuple:
        return _as_tuple(typing.get_args(wanted)[0], entry)
    if wanted is Path:
        return _as_path(entry)
    return _as_whole_number(entry) if wanted is int else _as_text(entry)


def _as_text(entry: _Given) -> str:
    if isinstance(entry.value, str):
        return entry.value
    raise SettingsError(entry.where, Text("须为文本", "must be a text"))


def _as_path(entry: _Given) -> Path:
    return (entry.folder / Path(_as_text(entry)).expanduser()).absolute()


def _as_whole_number(entry: _Given) -> int:
    value = entry.value
    if isinstance(value, str) and value.isascii() and value.isdecimal():
        return int(value[:20])
    if isinstance(value, int) and not isinstance(value, bool):
        return value
    raise SettingsError(entry.where, Text("须为整数", "must be a whole number"))


def _as_tuple(inner: type, entry: _Given) -> tuple[object, ...]:
    """A list in the file; comma-separated in the environment."""
    value = entry.value
    if isinstance(value, str):
        value = [part.strip() for part in value.split(",") if part.strip()]
    if not isinstance(value, (list, tuple)):
        raise SettingsError(entry.where, Text("须为列表", "must be a list"))
    return tuple(_typed(inner, _Given(each, entry.where, entry.folder)) for each in value)


# --- what only holds together -----------------------------------------------------------------------------------------


def _refuse_a_token_nobody_named(values: IdpSettings, given: _GivenKeys) -> None:
    """Keys in a token need the module that speaks with it, its label and its PIN."""
    if values.keys == "pkcs11" and not (values.pkcs11_module and values.pkcs11_token and values.pkcs11_pin):
        raise SettingsError(
            given["idp", "keys"].where,
            Text(
                "还需要 pkcs11_module、pkcs11_token 与 pkcs11_pin",
                "needs pkcs11_module, pkcs11_token and pkcs11_pin as well",
            ),
        )


def _refuse_sqlite_with_workers(section: str, values: IdpSettings | ExchangeSettings, given: _GivenKeys) -> None:
    """On SQLite a service is one process: every write passes its one writer thread (ADR 0002)."""
    if values.workers > 1 and values.database_url.startswith("sqlite"):
        entry = given[section, "workers"]
        raise SettingsError(
            entry.where,
            Text(
                "SQLite 只能用一个工作进程；需要多个时请把 database_url 改为 PostgreSQL（postgresql+psycopg://…）",
                "SQLite allows one worker; for more, point database_url to PostgreSQL (postgresql+psycopg://…)",
            ),
        )


def _refuse_carrier_without_address(values: IdpSettings, given: _GivenKeys) -> None:
    """Notices that nobody carries would be silence about security."""
    check = {"webhook": checks.public_url, "smtp": checks.address}.get(values.notice_sender, checks.anything)
    if wrong := check(values.notice_address):
        where = given.get(("idp", "notice_address")) or given["idp", "notice_sender"]
        raise SettingsError(where.where, Text(f"notice_address {wrong.zh}", f"notice_address {wrong.en}"))
    if values.notice_sender == "smtp" and "@" not in values.notice_from:
        raise SettingsError(
            given["idp", "notice_sender"].where,
            Text("smtp 须有发件人地址 notice_from", "smtp needs the sender's address in notice_from"),
        )


def _refuse_mail_without_server(values: ExchangeSettings, given: _GivenKeys) -> None:
    """A mail server needs an address to be reached at, and mail one that it comes from."""
    if values.mail_sender == "none":
        return
    where = given["exchange", "mail_sender"].where
    if values.mail_sender == "smtp" and (wrong := checks.address(values.mail_server)):
        raise SettingsError(where, Text(f"mail_server {wrong.zh}", f"mail_server {wrong.en}"))
    if values.mail_sender == "smtp" and "@" not in values.mail_from:
        raise SettingsError(where, Text("须有发件人地址 mail_from", "needs the sender's address in mail_from"))
