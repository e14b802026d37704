"""Registered clients: kept in memory under a version, and how they prove who they are.

RFC 6749 §2.3.1 (client_secret_basic), RFC 7523 (private_key_jwt; the audience is the issuer's identifier and nothing
else), RFC 7591 (what a registration says: `metadata`). Talks to the store and to `kernel.jose`.
"""
