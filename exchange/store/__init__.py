"""The exchange's tables and what is read from and written to them, one module per aggregate.

Owns the schema (``tables``, ``migrations/``: Alembic, one line) and every SQL statement of the exchange outside the
ledger. Functions take the connection of a transaction that somebody else opened, so that what must be committed
together can be. SQLAlchemy Core on SQLite and PostgreSQL alike; no object mapper. Numbers of people are never stored:
where one must be found again, its keyed blind index stands in its place.
"""
