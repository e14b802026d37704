"""Signing out by frames of the person's own browser (OpenID Connect Front-Channel Logout 1.0).

A frame shows whether it was loaded to nobody, and browsers that keep third-party cookies apart load it without the
department's session: so a department told only this way is never said to have signed the person out.
"""

from __future__ import annotations

from urllib.parse import urlencode

from idp.model.client import Client
from idp.model.logout import Notice


def address(client: Client | None, notice: Notice, issuer: str) -> str | None:
    """What to load for one client: its registered address with `iss` and `sid` added (§3), its own query kept."""
    if client is None or client.disabled or client.frontchannel_logout_uri is None:
        return None
    separator = "&" if "?" in client.frontchannel_logout_uri else "?"
    return f"{client.frontchannel_logout_uri}{separator}{urlencode({'iss': issuer, 'sid': notice.sid})}"
