"""Sources that are a SOAP service described by a WSDL (SOAP 1.1 and 1.2, WSDL 1.1, WS-Security 1.1).

zeep knows what a WSDL means: how a request is laid out, and of which types an answer is; answers are read here, by
those types. It never reaches the network or a file by itself: documents come through `connectors.xml`, checked, from
the allowed folders or one origin; requests and answers travel by the guarded transport of `connectors.rest`, whose
rules (addresses, TLS, deadline, byte limit, no redirects, no compression) hold here too. signxml makes and checks
signatures; of a signed answer only what was signed is read. A WSDL is read once.
"""

from connectors.adapters import Adapter, Opening
from connectors.base import Connector
from connectors.further import conditions
from connectors.soap.settings import SCHEMA, SoapSettings, parse

__all__ = ["ADAPTER", "SoapSettings"]


def _open(settings: SoapSettings, opening: Opening) -> Connector:
    """zeep takes some 0.15 s to import: only who opens such a source waits for it."""
    from connectors.soap.connector import open_source

    return open_source(settings, opening)


ADAPTER = Adapter(parse=parse, open=_open, settings_schema=SCHEMA, leave_out=conditions("parameters"))
