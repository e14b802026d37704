"""Sources that are an HTTP service answering JSON (RFC 9110, RFC 8259).

One request asks for one subject, GET or POST; the person's number belongs into the body or a header, since addresses
are written into logs on the way. https is required, save on the same machine, or in a private network where the
manifest says so. Redirects, proxies from the environment, cookies and compression are not used.
"""

from connectors.adapters import Adapter
from connectors.rest.connector import RestConnector, open_source
from connectors.rest.settings import RestSettings, parse

__all__ = ["ADAPTER", "RestConnector", "RestSettings"]

ADAPTER = Adapter(parse=parse, open=open_source)
