"""The exchange as the provider knows it: its own metadata, its own origin, for a minute (RFC 9728)."""

from __future__ import annotations

from typing import Any

import pytest

from idp.app import guarded_fetch
from idp.resource.metadata import KEEP, ResourceMetadata, ResourceUnavailable, UnknownInCatalogue
from kernel.clock import ManualClock
from kernel.outbound import OutboundRefused
from tests.doubles.identity_provider import EXCHANGE, SERVICE_ITEM, START, PaperExchange

WELL_KNOWN = f"{EXCHANGE}/.well-known/oauth-protected-resource"


def known(documents: dict[str, Any] | None = None) -> tuple[ResourceMetadata, PaperExchange, ManualClock]:
    exchange, clock = PaperExchange(), ManualClock(START)
    if documents is not None:
        own = exchange.documents()
        exchange.documents = lambda: own | documents  # type: ignore[method-assign]
    return ResourceMetadata(EXCHANGE, exchange.fetch, clock), exchange, clock


def test_documents_are_kept_for_a_minute() -> None:
    resource, exchange, clock = known()
    for _ in range(3):
        resource.encryption_key()
    assert exchange.asked == [WELL_KNOWN, f"{EXCHANGE}/jwks"]
    clock.advance(KEEP)
    resource.encryption_key()
    assert len(exchange.asked) == 4


@pytest.mark.parametrize(
    "metadata",
    [
        {"resource": "https://other.example", "jwks_uri": f"{EXCHANGE}/jwks"},
        {"resource": EXCHANGE, "jwks_uri": "https://evil.example/jwks"},
        {"resource": EXCHANGE, "jwks_uri": "http://127.0.0.1:8402/jwks"},
        {"resource": EXCHANGE, "jwks_uri": 7},
        {"resource": EXCHANGE},
        [],
        "x",
        None,
    ],
)
def test_metadata_about_another_resource_or_origin_are_not_believed(metadata: Any) -> None:
    resource, _, _ = known({"/.well-known/oauth-protected-resource": metadata})
    with pytest.raises(ResourceUnavailable):
        resource.encryption_key()


@pytest.mark.parametrize("jwks", [{}, {"keys": []}, {"keys": [{"kty": "EC", "use": "sig"}]}, None, []])
def test_without_an_encryption_key_there_is_none(jwks: Any) -> None:
    resource, _, _ = known({"/jwks": jwks})
    with pytest.raises(ResourceUnavailable):
        resource.encryption_key()


def test_what_the_catalogue_does_not_know_is_told_apart_from_silence() -> None:
    resource, exchange, _ = known()
    assert resource.catalogue("service-items", SERVICE_ITEM)["code"] == SERVICE_ITEM
    with pytest.raises(UnknownInCatalogue):
        resource.catalogue("service-items", "../../jwks")
    exchange.reachable = False
    with pytest.raises(ResourceUnavailable):
        resource.catalogue("service-items", "another")


def test_a_resource_with_a_path_has_its_metadata_before_the_path() -> None:
    """RFC 9728 §3.1."""
    asked: list[str] = []
    resource = ResourceMetadata("https://gov.example/exchange", lambda url: asked.append(url), ManualClock(START))
    with pytest.raises(ResourceUnavailable):
        resource.encryption_key()
    assert asked == ["https://gov.example/.well-known/oauth-protected-resource/exchange"]


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254/latest", "https://127.0.0.1:8401/x", "http://evil.example/", "file:///etc/passwd"]
)
def test_the_fetch_goes_to_the_configured_host_alone(url: str) -> None:
    with pytest.raises(OutboundRefused):
        guarded_fetch(EXCHANGE)(url)
