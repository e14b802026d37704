"""From a manifest to a source that can be asked. The one place where adapters are chosen."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from contextlib import ExitStack
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from connectors.adapters import Adapter, Opening
from connectors.base import Connector
from connectors.errors import SourceMisconfigured
from connectors.exchange import ADAPTER as EXCHANGE
from connectors.faults import ManifestFault
from connectors.files import ADAPTER as FILES
from connectors.jws import ADAPTER as JWS
from connectors.ldap import ADAPTER as LDAP
from connectors.manifest import ConnectorManifest
from connectors.manual import ADAPTER as MANUAL
from connectors.rest import ADAPTER as REST
from connectors.sandbox import ADAPTER as SANDBOX
from connectors.soap import ADAPTER as SOAP
from connectors.source import Source
from connectors.sql import ADAPTER as SQL
from connectors.sql import untested_kind
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.manifests import Finding
from kernel.text import Text

STANDARD: Mapping[str, Adapter] = {
    "sql": SQL,
    "rest": REST,
    "files": FILES,
    "ldap": LDAP,
    "soap": SOAP,
    "sandbox": SANDBOX,
    "jws": JWS,
    "manual": MANUAL,
    "exchange": EXCHANGE,
}
"""The adapters every installation has, by the name a manifest calls them."""


@dataclass(frozen=True, slots=True)
class Opened:
    """A manifest and its connector; ``partial`` ask without some answers to further questions, by their names."""

    manifest: ConnectorManifest
    connector: Connector
    partial: Mapping[frozenset[str], Connector]


def findings(manifest: Mapping[str, JSON], adapters: Mapping[str, Adapter] = STANDARD) -> list[Finding]:
    """Everything that is wrong with a `kind: Connector` manifest, as far as it shows without opening the source."""
    try:
        ConnectorManifest.parse(manifest, adapters)
    except ManifestFault as fault:
        return list(fault.findings)
    return []


def notices(manifest: Mapping[str, Any]) -> list[Text]:
    """What is worth knowing about a manifest without findings; it may be used all the same."""
    kind = untested_kind(manifest["spec"].get("sql", {}).get("url", ""))
    if not kind:
        return []
    name = manifest["metadata"]["name"]
    return [
        Text(
            f"{name}：数据库类型 {kind} 未经测试，请自行核实其账号只读",
            f"{name}: databases of the kind {kind} are untested; see to it that the account can only read",
        )
    ]


def build(
    manifest: Mapping[str, JSON],
    *,
    secrets: Callable[[str], str],
    roots: Sequence[Path],
    clock: Clock,
    adapters: Mapping[str, Adapter] = STANDARD,
    cache: Path | None = None,
    recorded_codes: frozenset[str] = frozenset(),
) -> Source:
    """A source from a `kind: Connector` manifest. A source that is down at the moment is built all the same.

    Args and errors: as `opened` has them.
    """
    found = opened(
        manifest,
        secrets=secrets,
        roots=roots,
        clock=clock,
        adapters=adapters,
        cache=cache,
        recorded_codes=recorded_codes,
    )
    return Source(found.manifest, found.connector, clock, found.partial)


def opened(
    manifest: Mapping[str, JSON],
    *,
    secrets: Callable[[str], str],
    roots: Sequence[Path],
    clock: Clock,
    adapters: Mapping[str, Adapter] = STANDARD,
    cache: Path | None = None,
    recorded_codes: frozenset[str] = frozenset(),
) -> Opened:
    """A manifest parsed, and its connector with nothing around it: no limits, no mapping.

    Args:
        manifest: the whole document: kind, metadata, spec.
        secrets: the value behind a secret's name; raises KeyError for an unknown one.
        roots: folders that file sources may live under.
        clock: for deadlines, the breaker and `retrieved_at`.
        adapters: what `spec.adapter` may name.
        cache: private folder for what an adapter keeps between two starts, such as the index of a large file.
        recorded_codes: social credit codes with a wrong check character that records may hold.

    Raises:
        SourceMisconfigured: the manifest has `findings`, a secret is unknown, a folder lies outside the roots.
    """
    try:
        parsed = ConnectorManifest.parse(manifest, adapters, recorded_codes)
    except ManifestFault:
        raise SourceMisconfigured("manifest") from None
    opening = Opening(
        parsed.name,
        parsed.limits,
        secrets,
        roots,
        clock,
        cache=cache,
        unreadable=parsed.mapping.unreadable,
        mapping=parsed.mapping.digest,
    )
    try:
        return _opened(parsed, opening)
    except SourceMisconfigured as problem:
        problem.source = parsed.name
        raise
    except Exception as error:  # noqa: BLE001 - a stranger's adapter; its words may hold an address or a secret
        broken = SourceMisconfigured(f"unexpected-{type(error).__name__}")
        broken.source = parsed.name
        raise broken from None


def _opened(parsed: ConnectorManifest, opening: Opening) -> Opened:
    adapter = parsed.adapter
    with ExitStack() as on_failure:
        connector = adapter.open(parsed.settings, opening)
        on_failure.callback(connector.close)
        partial: dict[frozenset[str], Connector] = {}
        for empty, settings in parsed.partial.items():
            another = adapter.open(settings, opening) if adapter.beside is None else adapter.beside(connector, settings)
            on_failure.callback(another.close)
            partial[empty] = another
        on_failure.pop_all()
    return Opened(parsed, connector, partial)
