"""From an OpenAPI document (3.x): where an operation is, what it is asked with, what its answer holds."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from connectors.errors import SourceGarbled
from connectors.scaffold.manifest import Mark, Member, likely_subject, path_of, propose
from connectors.scaffold.observing import Seen

_DEEPEST = 6
_TYPES = {"integer": "integer", "number": "decimal", "boolean": "boolean"}


def from_openapi(name: str, document: Mapping[str, Any], operation: str = "") -> dict[str, Any]:
    """A proposal for one operation: by its ``operationId`` or path, or the first that answers with records.

    Raises: SourceGarbled where there is none.
    """
    for path, method, described in _operations(document):
        if operation and operation not in {path, described.get("operationId")}:
            continue
        answer = _answer(document, described)
        where, record = _record(document, answer, "", 0)
        if record:
            return _proposed(name, document, (path, method, described), where, record)
    raise SourceGarbled("operation")


def _operations(document: Mapping[str, Any]) -> Iterator[tuple[str, str, Mapping[str, Any]]]:
    for path, item in _object(document.get("paths")).items():
        for method in ("get", "post"):
            described = _object(item).get(method)
            if isinstance(described, Mapping):
                yield str(path), method, described


def _proposed(
    name: str,
    document: Mapping[str, Any],
    asked: tuple[str, str, Mapping[str, Any]],
    where: str,
    record: Mapping[str, Any],
) -> dict[str, Any]:
    path, method, described = asked
    members = list(_members(document, record))
    subject = likely_subject(members)
    settings = _request(document, path, method, described)
    settings |= {"records": where} if where else {}
    settings |= {"subject_path": path_of(subject.name)} if subject else {}
    if document.get("security") or described.get("security"):
        settings["auth"] = Mark(
            "认证：{kind: bearer, secret: 文件名} 等", "auth, such as {kind: bearer, secret: a name}"
        )
    return propose(name, "rest", settings, [one for one in members if one is not subject], "path")


def _request(document: Mapping[str, Any], path: str, method: str, described: Mapping[str, Any]) -> dict[str, Any]:
    servers = document.get("servers") or [{}]
    base = str(_object(servers[0]).get("url", "")).rstrip("/")
    given = [_resolved(document, one) for one in described.get("parameters", ())]
    body = _schema(document, _resolved(document, described.get("requestBody", {})))
    asked = {one["name"]: one.get("in") for one in given if isinstance(one.get("name"), str)}
    names = [Member(one) for one in (*asked, *_object(body.get("properties")))]
    wanted = likely_subject(names) or (names[0] if len(names) == 1 else None)
    settings: dict[str, Any] = {}
    if wanted is not None and asked.get(wanted.name) == "path":
        path = path.replace(f"{{{wanted.name}}}", "{subject}")
    elif wanted is not None and asked.get(wanted.name) in {"query", "header"}:
        settings["query" if asked[wanted.name] == "query" else "headers"] = {wanted.name: "{subject}"}
    elif method == "get":
        settings["query"] = Mark("哪个参数是证件号码", "which parameter is the subject")
    if method == "post":
        named = wanted.name if wanted is not None and wanted.name not in asked else None
        settings["body"] = {named: "{subject}"} if named else Mark("请求体", "the body, with {subject} in it")
    absolute = base.startswith(("https://", "http://")) and "{" not in path.replace("{subject}", "")
    return {"url": base + path if absolute else Mark("服务地址", "the service's address"), **settings}


def _answer(document: Mapping[str, Any], described: Mapping[str, Any]) -> Mapping[str, Any]:
    responses = _object(described.get("responses"))
    chosen = responses.get("200") or responses.get("default") or {}
    return _schema(document, _resolved(document, chosen))


def _schema(document: Mapping[str, Any], holder: Mapping[str, Any]) -> Mapping[str, Any]:
    for kind, content in _object(holder.get("content")).items():
        if "json" in str(kind):
            return _resolved(document, _object(content).get("schema", {}))
    return {}


def _record(
    document: Mapping[str, Any], schema: Mapping[str, Any], at: str, depth: int
) -> tuple[str, Mapping[str, Any]]:
    """The schema of a record, and where records stand in an answer: an array of objects, else the object itself."""
    if schema.get("type") == "array" and depth < _DEEPEST:
        return at, _object(_resolved(document, schema.get("items", {})).get("properties"))
    properties = _object(schema.get("properties"))
    for name, member in properties.items() if depth < _DEEPEST else ():
        resolved = _resolved(document, member)
        if resolved.get("type") in {"array", "object"} or "properties" in resolved:
            found = _record(document, resolved, f"{at}.{name}".lstrip("."), depth + 1)
            if found[1] and resolved.get("type") == "array":
                return found
            if found[1] and found[0] != f"{at}.{name}".lstrip("."):
                return found
    return at, properties


def _members(
    document: Mapping[str, Any], properties: Mapping[str, Any], at: str = "", above: tuple[Any, ...] = ()
) -> Iterator[Member]:
    above = (*above, properties)
    for name, member in properties.items():
        schema, place = _resolved(document, member), f"{at}.{name}".lstrip(".")
        inner = schema.get("properties")
        if inner is not None:
            if not any(inner is one for one in above):  # a schema may hold itself
                yield from _members(document, _object(inner), place, above)
            continue
        several = schema.get("type") == "array"
        of = _resolved(document, schema.get("items", {})) if several else schema
        dated = ("iso",) if of.get("format") in {"date", "date-time"} else ()
        codes = tuple(str(one) for one in of.get("enum", ()) if one is not None)
        kind = of.get("type")
        kinds = [kind] if isinstance(kind, str) else [one for one in kind or () if one != "null"]
        yield Member(place, Seen(forms=dated), _TYPES.get(kinds[0] if kinds else "", ""), codes, several)


def _resolved(document: Mapping[str, Any], value: Any) -> Mapping[str, Any]:
    """What a reference inside the document stands for; nothing for one that leads elsewhere, or round."""
    for _ in range(_DEEPEST):
        if not isinstance(value, Mapping) or "$ref" not in value:
            break
        found: Any = document
        for step in str(value["$ref"]).removeprefix("#/").split("/"):
            found = _object(found).get(step.replace("~1", "/").replace("~0", "~"))
        value = found if str(value["$ref"]).startswith("#/") else {}
    return _object(value)


def _object(value: Any) -> Mapping[str, Any]:
    return value if isinstance(value, Mapping) else {}
