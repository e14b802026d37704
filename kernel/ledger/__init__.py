"""The ledger: a tamper-evident log in which every release, refusal and security fact of a service is an entry.

Owns the Merkle tree (RFC 6962), signed-note checkpoints and ``tlog-proof@v1`` receipts (C2SP), hash tiles (C2SP
tlog-tiles), the synchronous sequencer that makes entry, tree head and signed checkpoint durable in one transaction
(ADR 0007), the encrypted payloads kept beside the log, and their erasure. Two services have two logs, two origins and
two keys. Talks to ``kernel.database``, ``kernel.envelope`` and ``kernel.canonical``; knows no service's business words.

``kernel.ledger.log`` is what services use; ``kernel.ledger.verify`` is the stranger's side: it checks receipts offline
and shares no code with the writer, so nothing is imported here that it would have to bring along.
"""
