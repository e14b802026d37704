"""The `rest` part of a manifest."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from connectors.errors import SourceProblem
from connectors.faults import fault, within
from connectors.mapping.reading import Reader
from connectors.rest.paging import Paging, parse_paging
from connectors.rest.reading import JsonReading, Reading, XmlReading, json_place, xml_place
from connectors.rest.service import ServiceSettings, parse_service
from connectors.templates import PLACE
from connectors.xml import read


@dataclass(frozen=True, slots=True)
class RestSettings:
    """An HTTP service, what its answers mean, and how they come in pages (None: in one piece)."""

    service: ServiceSettings
    reading: Reading
    paging: Paging | None


def parse(settings: Mapping[str, Any], mapped: frozenset[str]) -> RestSettings:
    """The settings in a manifest's `rest`. Raises: ManifestFault."""
    service = parse_service(settings)
    _check_body(settings)
    return RestSettings(service, _reading(settings, mapped), _paging(settings, service))


def _reading(settings: Mapping[str, Any], mapped: frozenset[str]) -> Reading:
    return XmlReading(settings, mapped) if "xml" in settings else JsonReading(settings)


def _paging(settings: Mapping[str, Any], service: ServiceSettings) -> Paging | None:
    def place(told: Mapping[str, Any], name: str) -> Reader | None:
        if "xml" in settings:
            return xml_place(told, name, settings["xml"].get("namespaces", {}))
        return json_place(told, name)

    asked = json.dumps([service.url, service.query, service.headers, service.body])
    return parse_paging(settings, place, asked)


def _check_body(settings: Mapping[str, Any]) -> None:
    """A body that is a text is XML, and stays well-formed whatever is put into its places."""
    body = settings.get("body")
    if not isinstance(body, str):
        return
    with within("body"):
        if "xml" not in settings:
            raise fault((), "没有 xml 一节时请求体须是 JSON", "without a section xml the body is JSON")
        try:
            read(PLACE.sub("x", body).encode())
        except SourceProblem:
            raise fault((), "不是良构的 XML", "this is no well-formed XML") from None
