"""The route table: every endpoint with its address, who may call it, and how it is documented."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType

from marshmallow import Schema

from kernel.problems import ProblemKind
from kernel.text import Text
from kernel.web.http import Endpoint

_PARAMETER = re.compile(r"<(?:\w+:)?(\w+)>")


@dataclass(frozen=True, slots=True)
class Parameter:
    """A documented query or header parameter."""

    name: str
    description: Text
    where: str = "query"  # 'query' | 'header'
    required: bool = False


@dataclass(frozen=True, slots=True)
class Reply:
    """A further documented answer of an operation: its status, when it comes, what is in it, which headers count."""

    status: int
    said: Text
    schema: type[Schema] | None = None
    media_type: str = "application/json"
    headers: tuple[str, ...] = ()


class Refusals(StrEnum):
    """In which form an operation refuses, by the name of the documented response."""

    PROBLEM = "Problem"  # RFC 9457
    OAUTH = "OAuthError"  # RFC 6749 §5.2
    PAGE = "ErrorPage"  # for a person at a browser


@dataclass(frozen=True)
class Route:
    """One operation. `path` is written as Flask rules are: '/v1/cases/<case>/close'.

    `access` says who may call, e.g. 'anyone', 'client', 'system', 'officer:approver', 'citizen': the endpoint enforces
    it, the architecture tests and the API document read it. `hot` routes are also answered before Flask. A `page` is
    for people: its posts must come from its own form, its errors are pages, and the API document leaves it out.
    ``replies`` are what it answers beside its ``success`` and ``problems``; ``refusals`` the form of all others.
    """

    method: str
    path: str
    endpoint: Endpoint
    access: str
    summary: Text
    request_schema: type[Schema] | None = None
    response_schema: type[Schema] | None = None
    hot: bool = False
    tag: str = ""
    success: int = 200
    description: Text | None = None
    parameters: tuple[Parameter, ...] = ()
    problems: tuple[ProblemKind, ...] = ()
    replies: tuple[Reply, ...] = ()
    refusals: Refusals = Refusals.PROBLEM
    request_type: str = "application/json"
    response_type: str = "application/json"
    documented: bool = True
    page: bool = False

    def __post_init__(self) -> None:
        """Refuse a route that does not say who may call it, or a hot one that is a page or whose path is not exact."""
        if not self.access:
            raise ValueError(f"{self.method} {self.path} does not declare who may call it")
        if self.hot and (self.path_parameters or self.page):
            raise ValueError(f"{self.method} {self.path} is hot, so it is no page and its path takes no parameters")

    @property
    def path_parameters(self) -> tuple[str, ...]:
        """Names of the parameters in the path, in order."""
        return tuple(_PARAMETER.findall(self.path))

    @property
    def template(self) -> str:
        """The path as OpenAPI writes it: '/v1/cases/{case}/close'."""
        return _PARAMETER.sub(r"{\1}", self.path)


def hot_table(routes: Sequence[Route]) -> Mapping[tuple[str, str], Route]:
    """Hot routes by (method, exact path)."""
    return MappingProxyType({(route.method, route.path): route for route in routes if route.hot})
