"""What is in force: the grants, the catalogue, its sources and what stands in their way, as of one epoch.

Owns the snapshot that every decision and page goes by, how it is read (consistent, and only as much of it as changed),
and what a system's place in it means. It is leased for a second (``kernel.lease``, ADR 0012): a node that cannot
confirm it refuses. Talks to ``exchange.store``, ``exchange.catalogue`` and ``policies.index``.
"""
