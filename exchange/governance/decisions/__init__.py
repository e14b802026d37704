"""One logged decision at a time: what was asked, by which clauses it was permitted or refused, and whether it still is.

Owns what an auditor, a data-protection officer and the departments concerned may read of a decision by its ``dec_…``
(ADR 0069). Reads the ledger and the log of decisions, decides by ``policies`` alone. Changes nothing, knows nobody.
"""
