"""The governed call: the only way by which evidence leaves.

Owns the order of writes (ADR 0012): authenticate → intent (idempotency, quota) → decide → fetch → filter → sign →
append durably, comparing epochs → answer. Specifications: RFC 6750, 7800, 8705, 9068, 9396, 9449 and 9728 for tokens,
RFC 7515/7516 through ``kernel.jose``, the Idempotency-Key header. Talks to ``policies`` for decisions, to
``connectors`` for records, to ``kernel.ledger`` for receipts, and to ``exchange.store``. Each step is one module:
tokens, intents, enforcement, retrieval, disclosure, sealing, recording; ``pipeline`` reads them aloud in order.
"""
