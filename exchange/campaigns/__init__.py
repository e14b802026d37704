"""Recertification campaigns: grants put before those who provide the data, with what was used; no answer is a lapse.

Owns the endpoints of campaigns and the sweep that reminds, lapses and closes. What may be done by whom and until when
is decided by ``policies.campaigns``; what becomes of a grant by ``policies.grants.lifecycle``, carried out by
``exchange.governance.transitions`` in the transaction that records the answer or the lapse.
"""
