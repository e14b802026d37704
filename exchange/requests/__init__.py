"""Access requests: how a department asks for data, who must answer by when, and what comes of it.

Owns the requests with their commands, one department's or many in one go, the templates they start from, and the sweep
that tells somebody above when time runs out. What may be done by whom in which state is decided by
``policies.requests``, by when by ``exchange.clocks``; every change is a ledger entry in the same transaction.
"""
