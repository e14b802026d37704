"""What is issued: access tokens (RFC 9068), ID tokens (OpenID Connect Core 1.0 §2) and what they are bound to.

Owns claims, lifetimes, pairwise identifiers, the subject claim only the exchange can read (ADR 0011), and the order
"record, then answer": no token leaves before its ledger entry is durable. Talks to `kernel.jose`, the ledger and the
store; the grants decide what a token stands for.
"""
