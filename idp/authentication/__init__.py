"""How people prove who they are: passwords (argon2id), one-time codes (TOTP, RFC 6238), throttling, web sessions.

Follows NIST SP 800-63B where it speaks of rate limits and of secrets that are stored. Password hashing has a small
pool of threads of its own, so that it never stands in the way of token traffic. Talks to the store, the ledger and
`kernel.envelope`.
"""
