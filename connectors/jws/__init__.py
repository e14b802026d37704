"""Sources that answer with signed documents: compact JWS verified against a trust list (RFC 7515, RFC 7519, RFC 8725).

Asked like any HTTP service (`connectors.rest`). Each document must be signed by a key that the manifest names for the
very issuer it claims, be meant for us, be valid now, and be about the person who was asked for; anything else is
garbled, with its reason, and never a record. Verification is `kernel.jose`'s: the algorithm belongs to the key, and
nothing is read before the signature is good.
"""

from connectors.adapters import Adapter
from connectors.jws.connector import JwsConnector, open_source
from connectors.jws.settings import SETTINGS_SCHEMA, JwsSettings, parse
from connectors.rest.service import leave_out

__all__ = ["ADAPTER", "JwsConnector", "JwsSettings"]

ADAPTER = Adapter(parse=parse, open=open_source, settings_schema=SETTINGS_SCHEMA, leave_out=leave_out)
