"""Which HTTP service a manifest asks, how, and as whom: the part that every adapter speaking HTTP shares."""

from __future__ import annotations

import json
import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from connectors.adapters import Opening
from connectors.errors import SourceMisconfigured
from connectors.faults import ManifestFault, fault, within
from connectors.further import conditions
from connectors.rest import addresses
from connectors.rest.credentials import check as check_auth
from connectors.templates import mentions

KEYS = (
    "url",
    "url_secret",
    "insecure_http",
    "ca_file",
    "client_certificate",
    "method",
    "query",
    "headers",
    "body",
    "auth",
    "not_found",
)
"""What stands in a manifest for this part, described under `rest` in the published schema."""

_TOKEN = re.compile(r"[A-Za-z0-9!#$%&'*+.^_`|~-]+")  # RFC 9110 §5.6.2
_OURS = frozenset(
    {"host", "content-length", "transfer-encoding", "connection", "content-type", "accept-encoding", "expect"}
    | {"content-digest", "signature", "signature-input", "dpop"}
)


@dataclass(frozen=True, slots=True)
class ServiceSettings:
    """An HTTP service, and how it is asked.

    Attributes:
        url: with places for what is looked up, or "" where `url_secret` names the secret that holds it.
        insecure_http: whether plain http may be spoken inside a private network.
        ca_file: certificates that may vouch for the service, instead of the system's.
        client_certificate: the secret that holds our certificate and its key as PEM, or "".
        query, headers: names and the templates of their values.
        body: JSON with templates in its texts, or an XML text with them; None for GET.
        auth: how we say who asks; secrets by their names, as the manifest has it.
        not_found: status codes that say there is no such record.
    """

    url: str = field(repr=False)
    url_secret: str
    insecure_http: bool
    ca_file: str
    client_certificate: str
    query: Mapping[str, str]
    headers: Mapping[str, str]
    body: Any
    auth: Mapping[str, Any]
    not_found: frozenset[int]

    def location(self, opening: Opening) -> str:
        """The address. Raises: SourceMisconfigured."""
        url = self.url or opening.secret(self.url_secret).strip()
        try:
            addresses.check(url, insecure_http=self.insecure_http)
            _check_subject([url, self.query, self.headers, self.body])
        except ManifestFault:
            raise SourceMisconfigured("url") from None
        return url


def parse_service(settings: Mapping[str, Any]) -> ServiceSettings:
    """The service in an adapter's part of a manifest. Raises: ManifestFault."""
    _check_address(settings)
    _check_request(settings)
    with within("auth"):
        check_auth(settings.get("auth", {}), insecure_http=settings.get("insecure_http", False))
    return ServiceSettings(
        url=settings.get("url", ""),
        url_secret=settings.get("url_secret", ""),
        insecure_http=settings.get("insecure_http", False),
        ca_file=settings.get("ca_file", ""),
        client_certificate=settings.get("client_certificate", ""),
        query=settings.get("query", {}),
        headers=settings.get("headers", {}),
        body=settings.get("body"),
        auth=settings.get("auth", {}),
        not_found=frozenset(settings.get("not_found", [404])),
    )


def leave_out(settings: Mapping[str, Any], names: frozenset[str]) -> Mapping[str, Any]:
    """The request before the person has answered: without the parameters, headers and members of a JSON body for it.

    An XML body is one text, of which nothing can be left out.
    """
    members = ("query", "headers") if isinstance(settings.get("body"), str) else ("query", "headers", "body")
    return conditions(*members)(settings, names)


def _check_address(settings: Mapping[str, Any]) -> None:
    if ("url" in settings) == ("url_secret" in settings):
        raise fault((), "url 与 url_secret 须写且只写一个", "give either url or url_secret")
    if "url" in settings:
        with within("url"):
            addresses.check(settings["url"], insecure_http=settings.get("insecure_http", False))
        _check_subject([settings["url"], settings.get("query", {}), settings.get("headers", {}), settings.get("body")])
        if "client_certificate" in settings and addresses.is_plain(settings["url"]):
            raise fault(("client_certificate",), "客户端证书须用 https", "a client certificate needs https")


def _check_request(settings: Mapping[str, Any]) -> None:
    has_body = "body" in settings
    if settings.get("method", "POST" if has_body else "GET") != ("POST" if has_body else "GET"):
        raise fault(("method",), "POST 须有 body，GET 不得有", "POST needs a body, and GET has none")
    names = [name.lower() for name in settings.get("headers", {})]
    for name in settings.get("headers", {}):
        if not _TOKEN.fullmatch(name) or name.lower() in _OURS or names.count(name.lower()) > 1:
            raise fault(("headers", name), "不能设置这个头", "this header cannot be set")


def _check_subject(parts: Sequence[Any]) -> None:
    """Without it, everybody would get the same answer."""
    if not mentions(json.dumps(parts), "subject"):
        raise fault((), "请求中没有 {subject}，无法区分查询对象", "nothing in the request says {subject}")
