"""Consents as records of their own: asked for by a department, given, declined and taken back by whom they are about.

Owns what may be asked for (only where the ground is consent and a grant would let it be provided), the answers, and the
signed receipt, modelled on ISO/IEC TS 27560 and the Kantara consent receipt. What a consent covers at the moment of a
release, and how often, is looked at by ``exchange.gateway``. Talks to ``exchange.store.consents`` and the ledger; the
pages are in ``exchange.portal``.
"""
