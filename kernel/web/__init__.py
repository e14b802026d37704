"""The web edge that both services share.

Owns: neutral request and response values, the route table, the two doors (Flask and a small WSGI fast path) that
run one function per route, the translation of errors to RFC 9457 problems, security headers, health and readiness,
the OpenAPI document with its reference page, and the page kit (components, templates, vendored assets).

Specifications: PEP 3333, RFC 9110, RFC 9457, W3C Trace Context 1, RFC 9440, OpenAPI 3.1, CSP 3.

Talks to: `kernel.problems`, `kernel.metrics`, `kernel.text`, `kernel.canonical`; never to a service. Flask is met here
and in the services' pages only (ADR 0004, ADR 0005).
"""
