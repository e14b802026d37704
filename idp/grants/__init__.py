"""Grants: what a client presents, and the token it is entitled to (RFC 6749 §4, §6).

Each grant reads first, decides second, and leaves the last word to one conditional statement inside the transaction
that records the token (ADR 0010 tells why Authlib's server flow is not used for that). Authlib is met here for PKCE.
"""
