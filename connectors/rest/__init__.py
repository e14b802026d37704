"""Sources that are an HTTP service answering JSON or XML (RFC 9110, RFC 8259, XML 1.0).

One look-up asks for one subject, GET or POST; the person's number belongs into the body or a header, since addresses
are written into logs on the way. https is required, save on the same machine, or in a private network where the
manifest says so. Redirects, proxies from the environment, cookies and compression are not used. We show who we are by a
constant credential, mutual TLS (RFC 8705), a token by client credentials (RFC 6749 §4.4, RFC 7523) or a signature over
each request (RFC 9421, RFC 9530); answers may come in pages (RFC 8288). `Asker` and `ServiceSettings` are shared with
other adapters that speak HTTP.
"""

from connectors.adapters import Adapter
from connectors.rest.connector import RestConnector, open_source
from connectors.rest.service import leave_out
from connectors.rest.settings import RestSettings, parse

__all__ = ["ADAPTER", "RestConnector", "RestSettings"]

ADAPTER = Adapter(parse=parse, open=open_source, leave_out=leave_out)
