"""How grants come to life and end: officers' commands on grants, each transition a ledger entry in the same
transaction.

Owns the endpoints of grants and the commands behind them; what may be done by whom in which state is decided by
``policies`` alone. Every change of the active set raises the policy epoch in the transaction that records it (ADR
0012).
"""
