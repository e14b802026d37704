"""The evidence broker: what a service item requires in given circumstances, who can supply it, and how each requirement
of a case is met.

Owns circumstances, the ladder (not needed, shared data, e-certificate, departmental check, commitment, upload, window),
the guard against asking people for what sharing can supply (Decree 716 of the State Council, art. 7; the vocabulary of
the EU's once-only system), and the counts per department. The core is pure: catalogue, deliveries and what was resolved
go in, where a requirement stands comes out. Talks to the ledger for every step down, to ``exchange.cases`` for cases.
"""
