"""Composition of one service's web application from its routes, pages and checks."""

from __future__ import annotations

from collections.abc import Sequence

from flask import Blueprint

from kernel.entropy import Entropy, SystemEntropy
from kernel.metrics import Metrics
from kernel.text import Text
from kernel.web.errors import Translate, untranslated
from kernel.web.fastpath import WsgiApp
from kernel.web.flask_door import build_flask
from kernel.web.health import Health
from kernel.web.intake import Intake
from kernel.web.monitoring import metrics_route
from kernel.web.openapi import Proofs, describe, openapi_route
from kernel.web.proxies import TrustedProxies
from kernel.web.reference import reference_route
from kernel.web.routes import Route, hot_table
from kernel.web.security import SecurityHeaders
from kernel.web.serving import Server


def create_app(
    name: str,
    *,
    routes: Sequence[Route],
    health: Health,
    metrics: Metrics,
    title: Text,
    secret_key: bytes,
    blueprints: Sequence[Blueprint] = (),
    translate: Translate = untranslated,
    max_body: int = 1 << 20,
    public_origin: str = "",
    trusted_proxies: Sequence[str] = (),
    certificate_header: str = "client-cert",
    entropy: Entropy | None = None,
    proofs: Proofs | None = None,
) -> WsgiApp:
    """One service as a WSGI callable; `.flask` is the Flask application behind it.

    `name` names the service's cookies; `max_body` is in bytes; `public_origin` ('https://id.example') is what base_url,
    cookies and HSTS go by ('' takes scheme and host of each request: tests only); `trusted_proxies` are networks in
    CIDR form; `proofs` stand in the API description. Raises ValueError for a malformed route or network.
    """
    intake = Intake(
        public_origin=public_origin,
        proxies=TrustedProxies(trusted_proxies, certificate_header),
        max_body=max_body,
        entropy=entropy or SystemEntropy(),
    )
    https = public_origin.startswith("https://")
    server = Server(intake, SecurityHeaders(https=https), translate, metrics.observe)
    own = (*health.routes(), metrics_route(metrics), reference_route())
    document = describe(title, (*routes, *own), public_origin, proofs)
    every = (*routes, *own, openapi_route(document))
    flask = build_flask(
        name, server, every, blueprints, title=title, secret_key=secret_key, https=https, max_body=max_body
    )
    return WsgiApp(flask, server, hot_table(every), metrics)
