"""Client metadata (RFC 7591 §2): what a registration may say, checked member by member before it is kept.

Whoever registers a client, an operator's command, an invitation or the client itself, passes ``checking.checked``, so
that all of them admit exactly the same clients. Each further specification has a module: RFC 8705 (``certificates``),
FAPI 2.0 (``profile``), CIBA (``backchannel``), encrypted answers and request objects. Authlib is met here for RFC 7591.
"""
