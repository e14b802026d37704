"""Sources that are a directory: LDAP version 3 (RFC 4511), Active Directory included.

One search asks for one subject. The filter of a manifest is parsed once (RFC 4515) and what is looked up is put into
its values as octets, so that no character of it can become syntax; a base's places are escaped (RFC 4514). Referrals
are never followed, names of other hosts never looked at. Only three requests can be sent: bind, StartTLS, search.
The wire is encoded and read by sansldap, which opens no connection of its own: sockets, TLS (RFC 4513), deadline and
byte limit are kept here.
"""

from connectors.adapters import Adapter
from connectors.further import conditions
from connectors.ldap.connector import LdapConnector, open_source
from connectors.ldap.settings import SCHEMA, LdapSettings, parse

__all__ = ["ADAPTER", "LdapConnector", "LdapSettings"]

ADAPTER = Adapter(parse=parse, open=open_source, settings_schema=SCHEMA, leave_out=conditions("further_filter"))
