"""From a directory's entries and schema as LDIF (RFC 2849), as ``ldapsearch`` prints them."""

from __future__ import annotations

import base64
import binascii
import re
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from connectors.errors import SourceGarbled
from connectors.scaffold.manifest import Mark, Member, likely_subject, propose
from connectors.scaffold.observing import Seen, observe
from connectors.scaffold.samples import ROWS

Entry = Mapping[str, Sequence[bytes]]
"""Values by the attribute's name as it is written; ``dn`` is one of them."""

_LINE = re.compile(rb"([A-Za-z0-9.-]+(?:;[A-Za-z0-9-]+)*):([:<]?) *(.*)", re.DOTALL)
_GENERALIZED = re.compile(rb"\d{10}(\d\d){0,2}([.,]\d+)?(Z|[+-]\d{2,4})", re.ASCII)
_UNTOLD = frozenset(
    {"dn", "objectclass", "userpassword", "unicodepwd", "usercertificate", "jpegphoto", "thumbnailphoto"}
)
"""Attributes that no evidence is made of: what an entry is, secrets, pictures."""
_FORMS = {"objectguid": "guid", "objectsid": "sid", "accountexpires": "filetime", "pwdlastset": "filetime"}
"""Forms of attributes of Active Directory, which their values do not tell."""
_PLACES = frozenset({"dc", "ou", "o", "c", "l", "st"})
"""What names a branch. A common name may be somebody's."""
_TIME, _WHOLE = "1.3.6.1.4.1.1466.115.121.1.24", "1.3.6.1.4.1.1466.115.121.1.27"  # RFC 4517 §3.3.13, §3.3.16
_INSTANT = Seen(forms=("iso",))
_FLAGS = {"OBSOLETE", "SINGLE-VALUE", "COLLECTIVE", "NO-USER-MODIFICATION", "ABSTRACT", "STRUCTURAL", "AUXILIARY"}
_SAYINGS = {"NAME", "DESC", "SUP", "EQUALITY", "ORDERING", "SUBSTR", "SYNTAX", "USAGE", "MUST", "MAY"}
_KEYWORDS = frozenset(_FLAGS | _SAYINGS)
_TOKEN = re.compile(r"'[^']*'|[()$]|[^\s()$']+")


def from_ldif(name: str, data: bytes, object_class: str = "") -> dict[str, Any]:
    """A proposal for the directory that these entries are from, or that this schema is of.

    ``object_class`` says which attributes a schema is asked for where there is no entry of a person beside it.

    Raises: SourceGarbled.
    """
    entries = list(_entries(data))
    described = [one for one in entries if "attributeTypes" in one or "objectClasses" in one]
    people = [one for one in entries if one not in described][:ROWS]
    syntaxes = _syntaxes(described)
    names = dict.fromkeys(each for one in people for each in one) if people else _attributes(described, object_class)
    wanted = [each for each in names if ";" not in each and each.lower() not in _UNTOLD]
    found = {each: _values(people, each) for each in wanted}
    forms = {each: form for each in wanted if (form := _form(each, found[each], syntaxes)) is not None}
    told = [each for each in wanted if forms.get(each) != ""]
    if not told:
        raise SourceGarbled("entries")
    lists = [each for each in told if any(len(one.get(each, ())) > 1 for one in people)]
    members = [_member(each, found[each], forms, syntaxes, several=each in lists) for each in told]
    subject = likely_subject([one for one in members if not one.several])
    settings: dict[str, Any] = {
        "url": Mark("ldaps:// 地址", "the directory's address: ldaps://"),
        "bind": {
            "dn": Mark("以谁的身份查（只读）", "as whom it is searched: somebody who only reads"),
            "secret": Mark("存放口令的密码文件名", "the secret that holds the password"),
        },
        "base": _base(people) or Mark("在哪一支下查", "the branch that is searched"),
        "subject_attribute": subject.name if subject else Mark("证件号码属性", "the subject's attribute"),
    }
    settings |= {"lists": lists} if lists else {}
    read = {each: forms[each] for each in told if forms.get(each) and (subject is None or each != subject.name)}
    settings |= {"forms": read} if read else {}
    return propose(name, "ldap", settings, [one for one in members if one is not subject], "column")


def _member(
    name: str, values: Sequence[bytes], forms: Mapping[str, str], syntaxes: Mapping[str, str], *, several: bool
) -> Member:
    if forms.get(name) in {"generalized-time", "filetime"}:
        return Member(name, _INSTANT, several=several)
    seen = Seen() if name in forms else observe(value.decode() for value in values)
    return Member(name, seen, "integer" if syntaxes.get(name.lower()) == _WHOLE else "", several=several)


def _values(people: Sequence[Entry], name: str) -> list[bytes]:
    return [value for one in people for value in one.get(name, ())]


def _form(name: str, values: Sequence[bytes], syntaxes: Mapping[str, str]) -> str | None:
    """How an attribute's values are written: None as text, "" in a way that no record is made of."""
    if name.lower() in _FORMS:
        return _FORMS[name.lower()]
    if syntaxes.get(name.lower()) == _TIME:
        return "generalized-time"
    if values and all(_GENERALIZED.fullmatch(value) for value in values):
        return "generalized-time"
    return None if all(map(_is_text, values)) else ""


def _is_text(value: bytes) -> bool:
    try:
        return not any(ord(character) < 32 and character not in "\t\n\r" for character in value.decode())
    except UnicodeDecodeError:
        return False


def _base(people: Sequence[Entry]) -> str:
    """The branch that all entries stand below, as far as its name says places alone."""
    above = [list(reversed(_steps(one["dn"][0])[1:])) for one in people if one.get("dn")]
    common: list[str] = []
    for steps in zip(*above, strict=False):
        if len({step.lower() for step in steps}) > 1 or steps[0].partition("=")[0].strip().lower() not in _PLACES:
            break
        common.insert(0, steps[0].strip())
    return ",".join(common)


def _steps(dn: bytes) -> list[str]:
    return re.split(r"(?<!\\),", dn.decode("utf-8", "replace"))


# LDIF -----------------------------------------------------------------------------------------------------------------


def _entries(data: bytes) -> Iterator[Entry]:
    """The entries of a file; what only names another file is left out. Raises: SourceGarbled."""
    unfolded = re.sub(rb"\r?\n ", b"", data.removeprefix(b"\xef\xbb\xbf"))
    for block in re.split(rb"\n(?:\r?\n)+", unfolded.replace(b"\r\n", b"\n").strip(b"\n") + b"\n"):
        entry: dict[str, list[bytes]] = {}
        for line in block.split(b"\n"):
            if line and not line.startswith((b"#", b"version:", b"search:", b"result:")):
                _add(entry, line)
        if "dn" in entry:
            yield entry


def _add(entry: dict[str, list[bytes]], line: bytes) -> None:
    match = _LINE.fullmatch(line)
    if match is None:
        raise SourceGarbled("ldif")
    name, how, value = match[1].decode(), match[2], match[3]
    if how == b"<":
        return
    try:
        entry.setdefault(name, []).append(base64.b64decode(value, validate=True) if how else value)
    except (binascii.Error, ValueError):
        raise SourceGarbled("ldif") from None


# Schema (RFC 4512 §4.1) -----------------------------------------------------------------------------------------------


def _syntaxes(described: Sequence[Entry]) -> Mapping[str, str]:
    """The syntax of attributes, by every name in small letters; it may be that of the one they are derived from."""
    told = {
        one.lower(): described_as
        for described_as in _descriptions(described, "attributeTypes")
        for one in described_as.get("NAME", [])
    }
    return {name: _syntax(name, told) for name in told}


def _syntax(name: str, told: Mapping[str, Mapping[str, list[str]]]) -> str:
    for _ in told:  # no chain is longer, and one that runs in a circle ends
        said = told.get(name, {})
        if syntax := said.get("SYNTAX"):  # the keyword may stand there with nothing behind it
            return syntax[0].partition("{")[0]
        name = next(iter(said.get("SUP", [])), "").lower()
    return ""


def _attributes(described: Sequence[Entry], object_class: str) -> Mapping[str, None]:
    """What an entry of a class may hold, with all that its classes above say. Raises: SourceGarbled."""
    classes = {one.lower(): told for told in _descriptions(described, "objectClasses") for one in told.get("NAME", [])}
    found: dict[str, None] = {}
    wanted, seen = [object_class.lower()], set[str]()
    while wanted:
        one = wanted.pop()
        if one in seen or one not in classes:
            continue
        seen.add(one)
        found |= dict.fromkeys([*classes[one].get("MUST", []), *classes[one].get("MAY", [])])
        wanted += [above.lower() for above in classes[one].get("SUP", [])]
    if not found:
        raise SourceGarbled("object-class")
    return found


def _descriptions(described: Sequence[Entry], attribute: str) -> Iterator[Mapping[str, list[str]]]:
    for one in described:
        for value in one.get(attribute, ()):
            yield _description(value.decode("utf-8", "replace"))


def _description(text: str) -> Mapping[str, list[str]]:
    """The words of a description by the keyword before them: names, numbers and classes, without brackets."""
    told: dict[str, list[str]] = {}
    under: list[str] = []
    for token in _TOKEN.findall(text):
        if token in {"(", ")", "$"}:
            continue
        if token in _KEYWORDS or token.startswith("X-"):
            under = told.setdefault(token, [])
        else:
            under.append(token.strip("'"))
    return told
