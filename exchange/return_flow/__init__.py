"""Return flow (数据回流): the records of a district's own division go back to it, in bulk, under a grant that says so.

Owns subscriptions of a department to the records of one evidence type, the making of their files (a snapshot, then what
changed; in parts, so that both making and fetching go on where they stopped) and their download. Every row is decided
by policies for itself and lies in the department's own division or below on that day; every file and every download is
an entry of the ledger. What waits to be fetched lies encrypted and for thirty days. Talks to sources that can say of
whom they hold records (``connectors.base.Enumerable``), to ``policies``, the ledger and ``exchange.events``.
"""
