"""Telling departments that a session ended (OpenID Connect Back-Channel Logout 1.0), and people whom it reached.

The end of a session writes a notice for every client that was given anything in it, in its own transaction; delivery
never holds the end up. Any node may deliver: a notice is claimed by one conditional statement, for a while. What came
of it is an entry in the ledger. Talks to the store, the key ring and, through `idp.clients.reach`, to the departments.
"""
