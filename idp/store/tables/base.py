"""What all tables hang on: one metadata, the log's own tables, and the versions nodes compare."""

from __future__ import annotations

from sqlalchemy import Column, Integer, MetaData, String, Table

from kernel.ledger import store as ledger_store

metadata = MetaData()
ledger = ledger_store.define(metadata)

state_version = Table(
    "state_version",
    metadata,
    Column("name", String(40), primary_key=True),
    Column("value", Integer, nullable=False),
    comment="counts the changes of what nodes keep in memory",
)
