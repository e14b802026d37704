"""The pages where people look after their own account: how they sign in, where, and how they are reached.

Every change needs a sign-in that is recent and as strong as the account has (NIST SP 800-63B-4 §4.1.2), becomes an
entry of the ledger, and is told on every confirmed channel. Works without scripts; only passkeys need them.
"""
