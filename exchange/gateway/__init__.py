"""The governed call: the only way by which evidence leaves.

Owns the order of writes (ADR 0012): authenticate → intent (idempotency, quota) → decide → fetch → filter → sign →
append durably, comparing epochs → answer. Specifications: RFC 9396 for what a token asks for, RFC 7515/7516 through
``kernel.jose``, the Idempotency-Key header. Talks to ``exchange.authentication`` for callers, to ``exchange.in_force``
and ``policies`` for decisions, to ``connectors`` for records, to ``kernel.ledger`` for receipts, and to
``exchange.store``. Each step is one module: intents, enforcement, retrieval, disclosure, sealing, recording;
``pipeline`` reads them aloud in order.
"""
