"""The identity provider: one sign-in for citizens and staff, across every department.

Owns accounts, web sessions, consent to sign-in, OAuth clients and every token they are given; serves others a signed
feed of what was revoked. Speaks OpenID Connect Core 1.0, RP-Initiated Logout 1.0 and OAuth 2: RFC 6749, 7009
(revocation), 7523 (private_key_jwt), 7591 (client metadata), 7636 (PKCE, S256 alone), 7662 (introspection), 8414
(metadata), 9068 (JWT access tokens), 9126 (pushed requests), 9207 (`iss`), 9396 (authorization details), 9449 (DPoP).
Implicit flow, password grant and `plain` PKCE are not switched off: they do not exist.

Talks to browsers, to departments' systems and, as any client would, to the exchange's public metadata and catalogue
(RFC 9728). It never imports the exchange: either can be replaced by someone else's.
"""
