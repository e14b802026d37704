"""Cases: what a department is handling for somebody. Without an open case of the calling system there is no evidence.

Owns opening and closing, who a case is about, and which relations between those are proven (ADR 0013); and that people
are looked up in cases alone: whoever looks up too many is noticed and locked (``watching``, ``locks``, ADR 0052), and
which officer looked up what can be read (``trace``). Talks to the ledger for every case opened and closed; numbers of
people are kept as blind indexes only.
"""
