"""Clocks: how much time every proceeding leaves, and what happens when it runs out.

Owns the rules that clocks are counted by (calendar tables and service levels, shipped and written by officers, each
with a preview of what it would move), what a proceeding asks of them (``limits``), and the sweep that tells somebody
above (``sweep``). How days are counted is decided by ``policies.clocks``; every change is a ledger entry in the same
transaction.
"""
