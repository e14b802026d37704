"""The `rest` part of a manifest."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.adapters import Opening
from connectors.errors import SourceMisconfigured
from connectors.faults import ManifestFault, fault, within
from connectors.mapping.reading import Reader, expression
from connectors.rest import addresses
from connectors.templates import mentions

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 §5.6.2
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "content-type", "accept-encoding", "expect"}
)


@dataclass(frozen=True, slots=True)
class RestSettings:
    """An HTTP service, and how it is asked.

    Attributes:
        url: with places for what is looked up, or "" where `url_secret` names the secret that holds it.
        insecure_http: whether plain http may be spoken inside a private network.
        ca_file: certificates that may vouch for the service, instead of the system's.
        query, headers: names and the templates of their values.
        body: JSON with templates in its texts; None for GET.
        auth: names of secrets, as the manifest has them.
        not_found: status codes that say there is no such record.
        succeeded: what must be true of the answer; None where the status says it all.
        records: where the records stand; None where the answer is the record.
        subject_path: where a record says whom it is about, to be compared; None where it does not.
    """

    url: str = field(repr=False)
    url_secret: str
    insecure_http: bool
    ca_file: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    auth: Mapping[str, str]
    not_found: frozenset[int]
    succeeded: Reader | None
    records: Reader | None
    subject_path: Reader | None

    def location(self, opening: Opening) -> str:
        """The address. Raises: SourceMisconfigured."""
        url = self.url or opening.secret(self.url_secret).strip()
        try:
            addresses.check(url, insecure_http=self.insecure_http)
            _check_subject([url, self.query, self.headers, self.body])
        except ManifestFault:
            raise SourceMisconfigured("url") from None
        return url


def parse(settings: Mapping[str, Any], _: frozenset[str]) -> RestSettings:
    """The settings in a manifest's `rest`. Raises: ManifestFault."""
    _check_address(settings)
    _check_request(settings)
    _check_auth(settings.get("auth"))
    return RestSettings(
        url=settings.get("url", ""),
        url_secret=settings.get("url_secret", ""),
        insecure_http=settings.get("insecure_http", False),
        ca_file=settings.get("ca_file", ""),
        query=settings.get("query", {}),
        headers=settings.get("headers", {}),
        body=settings.get("body"),
        auth=settings.get("auth", {}),
        not_found=frozenset(settings.get("not_found", [404])),
        succeeded=_expression(settings, "succeeded"),
        records=_expression(settings, "records"),
        subject_path=_expression(settings, "subject_path"),
    )


def _check_address(settings: Mapping[str, Any]) -> None:
    if ("url" in settings) == ("url_secret" in settings):
        raise fault((), "url 与 url_secret 须写且只写一个", "give either url or url_secret")
    if "url" in settings:
        with within("url"):
            addresses.check(settings["url"], insecure_http=settings.get("insecure_http", False))
        _check_subject([settings["url"], settings.get("query", {}), settings.get("headers", {}), settings.get("body")])


def _check_request(settings: Mapping[str, Any]) -> None:
    has_body = "body" in settings
    if settings.get("method", "POST" if has_body else "GET") != ("POST" if has_body else "GET"):
        raise fault(("method",), "POST 须有 body，GET 不得有", "POST needs a body, and GET has none")
    for name in settings.get("headers", {}):
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS:
            raise fault(("headers", name), "不能设置这个头", "this header cannot be set")


def _check_auth(auth: Mapping[str, str] | None) -> None:
    needed = {"basic": {"username"}, "api-key": {"header"}}.get(auth["kind"], set()) if auth else set()
    if auth and needed != auth.keys() & {"username", "header"}:
        raise fault(("auth",), "basic 须有 username，api-key 须有 header", "basic needs a username, api-key a header")
    if auth and ":" in auth.get("username", ""):  # RFC 7617 §2
        raise fault(("auth", "username"), "用户名不得含冒号", "a user name holds no colon")


def _check_subject(parts: Sequence[Any]) -> None:
    """Without it, everybody would get the same answer."""
    if not mentions(json.dumps(parts), "subject"):
        raise fault((), "请求中没有 {subject}，无法区分查询对象", "nothing in the request says {subject}")


def _expression(settings: Mapping[str, Any], name: str) -> Reader | None:
    if name not in settings:
        return None
    with within(name):
        return expression(settings[name])
