"""What people and departments may see: a citizen their own entries in plain words, a provider how its data is used,
and everybody the log's checkpoints and proofs.

Reads only: the ledger for citizens and strangers, the counted deliveries for providers. Specifications: C2SP
tlog-checkpoint, tlog-proof and tlog-tiles, RFC 6962; PIPL articles 44 to 47 for what a person may know.
"""
