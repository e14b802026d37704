"""What the exchange publishes about itself: protected resource metadata (RFC 9728) and its keys (RFC 7517)."""

from __future__ import annotations

from dataclasses import dataclass

import orjson
from marshmallow import Schema, fields

from exchange.access import CASES, GOVERNANCE, USAGE
from exchange.authentication.access_token import EVIDENCE_DETAILS
from kernel.jose import PROOF_ALGORITHMS
from kernel.keys import KeyRing
from kernel.web.http import HttpRequest, HttpResponse, json_response

WELL_KNOWN = "/.well-known/oauth-protected-resource"
_JWK_SET = ("Content-Type", "application/jwk-set+json")
_A_MINUTE = ("Cache-Control", "public, max-age=60")


@dataclass(frozen=True)
class Discovery:
    """The discovery endpoints. ``origin`` is the resource identifier, ``issuer`` the authorization server trusted."""

    origin: str
    issuer: str
    keys: KeyRing

    def metadata(self, http: HttpRequest) -> HttpResponse:
        """``GET /.well-known/oauth-protected-resource``."""
        del http
        return json_response(
            {
                "resource": self.origin,
                "authorization_servers": [self.issuer],
                "jwks_uri": f"{self.origin}/jwks",
                "scopes_supported": [CASES, GOVERNANCE, USAGE],
                "bearer_methods_supported": ["header"],
                "dpop_signing_alg_values_supported": list(PROOF_ALGORITHMS),
                "tls_client_certificate_bound_access_tokens": True,
                "authorization_details_types_supported": [EVIDENCE_DETAILS],
                "resource_documentation": f"{self.origin}/docs",
                "tongban_catalogue": f"{self.origin}/v1/catalogue",
                "tongban_ledger": f"{self.origin}/v1/ledger",
            },
            headers=(_A_MINUTE,),
        )

    def jwks(self, http: HttpRequest) -> HttpResponse:
        """``GET /jwks``: keys evidence is signed with, and the one (``use: enc``) subjects are encrypted to."""
        del http
        return HttpResponse(200, self.keys.jwks_bytes(), (_JWK_SET, _A_MINUTE))

    def archive(self, http: HttpRequest) -> HttpResponse:
        """``GET /jwks/archive``: every signature key ever used and not revoked, so that old evidence stays
        verifiable.
        """
        del http
        return HttpResponse(200, orjson.dumps(self.keys.archive()), (_JWK_SET, _A_MINUTE))


class MetadataAnswer(Schema):
    """RFC 9728 §2."""

    resource = fields.String(required=True)
    authorization_servers = fields.List(fields.String(), required=True)
    jwks_uri = fields.String(required=True)
    scopes_supported = fields.List(fields.String())
    bearer_methods_supported = fields.List(fields.String())
    dpop_signing_alg_values_supported = fields.List(fields.String())
    tls_client_certificate_bound_access_tokens = fields.Boolean()
    authorization_details_types_supported = fields.List(fields.String())
    resource_documentation = fields.String()
    tongban_catalogue = fields.String(required=True)
    tongban_ledger = fields.String(required=True)


class KeysAnswer(Schema):
    """A JWK set (RFC 7517 §5)."""

    keys = fields.List(fields.Dict(), required=True)
