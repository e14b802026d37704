"""Sources that are another exchange of this kind, asked through its own public interface.

One look-up is one small case there: opened for the person, asked in with a token for exactly that purpose (RFC 9396),
closed. Nobody is present, so the other side must have granted that, names our officer in its record and tells the
person. We prove possession of a key (RFC 9449) or show our certificate (RFC 8705). What comes back counts only as far
as its signature, its case and its receipt hold; the receipt must be of the log whose key the manifest pins.
"""

from connectors.adapters import Adapter
from connectors.exchange.connector import ExchangeConnector, open_source
from connectors.exchange.settings import SETTINGS_SCHEMA, ExchangeSettings, parse

__all__ = ["ADAPTER", "ExchangeConnector", "ExchangeSettings"]

ADAPTER = Adapter(
    parse=parse, open=open_source, settings_schema=SETTINGS_SCHEMA, relays=lambda settings: settings.relays
)
