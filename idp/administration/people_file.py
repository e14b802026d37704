"""Accounts in a CSV file (UTF-8 or GB 18030, with a header): one person a line."""

from __future__ import annotations

import csv
from collections.abc import Callable, Iterable, Iterator
from functools import partial
from typing import TypeVar

from idp.administration.errors import AdministrationError
from idp.model import contact
from idp.model.contact import Contact, ContactKind
from idp.model.person import NewPerson, PersonKind
from kernel.identifiers import InvalidIdentifier, citizen_number, social_credit_code
from kernel.identifiers.subject import SubjectRef

T = TypeVar("T")

REQUIRED = ("username", "name", "password")
COLUMNS = (*REQUIRED, "citizen_number", "assurance", "totp_secret", "kind", "organisation", "roles", "phone", "email")
"""`kind` is natural or staff; `roles` are separated by blanks; what is left empty has its default."""


MOST_ACCOUNTS = 2_000
"""In one file: they are made in one transaction, which nobody else can write beside."""


def text_of(data: bytes) -> str:
    """A file's text: UTF-8, with or without its mark, else GB 18030 (GB 18030-2022, what spreadsheets write here).

    Raises AdministrationError for anything else.
    """
    for encoding in ("utf-8-sig", "gb18030"):
        try:
            text = data.decode(encoding)
        except UnicodeDecodeError:
            continue
        if "\0" not in text:
            return text
    raise AdministrationError("文件既不是 UTF-8 也不是 GB 18030 编码", "the file is neither UTF-8 nor GB 18030")


def refuse_too_many(count: int) -> None:
    """Raises AdministrationError for a file of more accounts than one transaction should make."""
    if count > MOST_ACCOUNTS:
        raise AdministrationError(
            f"一个文件最多 {MOST_ACCOUNTS} 个账户，请拆分", f"a file holds {MOST_ACCOUNTS} accounts at most: split it"
        )


def read(lines: Iterable[str]) -> Iterator[tuple[int, NewPerson]]:
    """Line numbers and accounts. Raises AdministrationError naming the line, never the value."""
    rows = csv.DictReader(lines, strict=True)
    header = _tabular(rows, lambda: rows.fieldnames) or []
    if not set(REQUIRED) <= set(header) or not set(header) <= set(COLUMNS):
        raise AdministrationError(
            f"首行须为列名：{', '.join(COLUMNS)}", f"the first line names columns out of {', '.join(COLUMNS)}"
        )
    while (row := _tabular(rows, lambda: next(rows, None))) is not None:
        yield rows.line_num, at_line(rows.line_num, partial(_person, row))


def _tabular(rows: csv.DictReader[str], step: Callable[[], T]) -> T:
    """Read on in a file. Raises AdministrationError naming the line that is not CSV."""
    try:
        return step()
    except csv.Error:
        line = rows.reader.line_num  # the line being read; that of ``rows`` is the last that was
        raise AdministrationError(f"第 {line} 行不是合法的 CSV", f"line {line} is not CSV") from None


def at_line(number: int, step: Callable[[], T]) -> T:
    """Run a step; its error says which line it is about."""
    try:
        return step()
    except AdministrationError as error:
        raise AdministrationError(f"第 {number} 行：{error.text.zh}", f"line {number}: {error.text.en}") from None


def _person(row: dict[str, str | None]) -> NewPerson:
    if None in row or None in row.values():
        raise AdministrationError("列数与首行不符", "the number of columns differs from the first line's")
    value = {name: (text or "").strip() for name, text in row.items()}
    return NewPerson(
        username=value["username"],
        name=value["name"],
        password=value["password"],
        kind=_kind(value.get("kind", "")),
        assurance=_assurance(value.get("assurance", "")),
        subject=_subject(value.get("citizen_number", "")),
        totp_secret=value.get("totp_secret") or None,
        organisation=_organisation(value.get("organisation", "")),
        roles=tuple(value.get("roles", "").split()),
        contacts=tuple(_contact(kind, value[kind]) for kind in ContactKind if value.get(kind)),
    )


def _contact(kind: ContactKind, text: str) -> Contact:
    try:
        return contact.parse(kind, text)
    except contact.InvalidContact:
        raise AdministrationError(
            "phone 须为电话号码，email 须为邮件地址", "phone must be a telephone number, email an e-mail address"
        ) from None


def _kind(text: str) -> PersonKind:
    if text not in ("", *PersonKind):
        raise AdministrationError("kind 须为 natural 或 staff", "kind must be natural or staff")
    return PersonKind(text or PersonKind.NATURAL)


def _assurance(text: str) -> int:
    if text not in ("", "1", "2", "3", "4"):
        raise AdministrationError("assurance 须为 1 至 4", "assurance must be 1 to 4")
    return int(text or "1")


def _subject(text: str) -> SubjectRef | None:
    try:
        return SubjectRef("citizen-number", citizen_number.parse(text).value) if text else None
    except InvalidIdentifier as error:
        raise AdministrationError(error.reason.zh, error.reason.en) from None


def _organisation(text: str) -> str | None:
    try:
        return social_credit_code.parse(text).value if text else None
    except InvalidIdentifier as error:
        raise AdministrationError(error.reason.zh, error.reason.en) from None
