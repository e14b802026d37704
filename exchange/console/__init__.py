"""The officers' pages: everything that waits for an office, what it may do about it, and what it may read.

Owns the pages and the sessions behind them; decides nothing. A page reads the same table of states and roles as the
API and carries out commands through the API's own rooms, which are entered here by a session instead of an access
token. The pages are an ordinary relying party of the identity provider, found through its metadata: OpenID Connect
Core 1.0 (code flow), RFC 7636 (S256), RFC 9126 (PAR, where offered), RFC 7523 (`private_key_jwt`), RFC 9207 (`iss`),
RFC 9449 (DPoP), RP-Initiated Logout 1.0 and Back-Channel Logout 1.0.

Talks to the identity provider (``Outside.fetch``, ``Outside.post``), ``exchange.access`` and the rooms it shows.
"""
