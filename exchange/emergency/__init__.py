"""Emergency access: officers ask for an opening of a template, open it, end it, review it; time does the rest.

Owns the endpoints of openings, the commands behind them, and the sweep that ends what is over and tells of reviews that
are overdue. What may be done by whom is decided by ``policies.emergency`` alone (ADR 0040). Every transition is a
ledger entry in the transaction that stores it, and raises the policy epoch where it begins or ends what decisions read.
"""
