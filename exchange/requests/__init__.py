"""Access requests: how a department asks for data, who must answer by when, and what comes of it.

Owns the rules that clocks are counted by (calendar tables, service levels), the requests themselves with their
commands, and the sweep that tells somebody above when time runs out. What may be done by whom in which state is decided
by ``policies.requests``, how days are counted by ``policies.clocks``; every change is a ledger entry in the same
transaction.
"""
