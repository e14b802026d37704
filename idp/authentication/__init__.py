"""How people prove who they are: passwords (argon2id), one-time codes (TOTP, RFC 6238), codes that are sent, passkeys
(Web Authentication Level 3), recovery codes; throttling, web sessions, and what people change of all that themselves.

Follows NIST SP 800-63B where it speaks of rate limits and of secrets that are stored. Password hashing has a small
pool of threads of its own, so that it never stands in the way of token traffic. Talks to the store, the ledger and
`kernel.envelope`.
"""
