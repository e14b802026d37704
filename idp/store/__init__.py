"""The provider's tables and the only SQL that touches them: one module of functions per aggregate.

Every function takes the connection of the caller's transaction, so that what belongs together commits together.
Secrets are kept as SHA-256 hashes (RFC 9700 §4.2.4 asks that a stolen database be of no use), personal numbers sealed.
"""
