"""How grants come to life and end: officers' commands on grants, each transition a ledger entry in the same
transaction.

Owns the endpoints of grants and the commands behind them, the examination that officers see before they sign, how
grants were used, sealings (ADR 0042), logged decisions (``decisions``) and what they teach about a change
(``simulation``); what may be done by whom in which state is decided by ``policies`` alone. Every change of the active
set raises the policy epoch in the transaction that records it (ADR 0012).
"""
