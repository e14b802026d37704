"""Finding published entries by words, in Chinese and English: an index in memory beside the registry it follows.

Owns what "found" means (``words``), what of an entry is looked at (``entries``), and the index of one kind
(``index``, over ``postings`` and ``slots``). ``shelves`` keeps one index per kind in step with the registry. Talks to
no database: what is published is in the registry already. Design and reasons: ADR 0033.
"""
