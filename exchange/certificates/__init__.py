"""The life of certificates: what owners report of them, how they stand, and that those who rely on them hear of it.

Owns the register of statuses (by keyed index of the e-certificate identifier, GB/T 36904: neither identifier nor holder
is kept in the clear), which change is possible from which status, the report of a change by the owning department's
system, and the governed answer how a certificate stands, which is judged as evidence is. Each report and each answer is
an entry of the ledger about the holder. Talks to the ledger, ``exchange.store``, ``exchange.events``,
``exchange.gateway`` (its rulings) and ``exchange.cases`` (whom systems look up).
"""
