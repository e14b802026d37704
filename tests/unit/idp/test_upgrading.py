"""What an upgrade makes of what an earlier version kept: each revision is run on tables as they were."""

from __future__ import annotations

from importlib import import_module

from alembic.operations import Operations
from alembic.runtime.migration import MigrationContext
from sqlalchemy import Connection, text

from idp.store import people
from tests.doubles.account import Account
from tests.doubles.identity_provider import Provider


def upgrade(provider: Provider, revision: str, *before: str) -> None:
    """Run one revision, after the statements that undo what it did when the tables were made."""
    module = import_module(f"idp.store.migrations.{revision}")

    def change(connection: Connection) -> None:
        for statement in before:
            connection.execute(text(statement))
        with Operations.context(MigrationContext.configure(connection)):
            module.upgrade()

    provider.database.write(change)


def test_0038_knows_when_accounts_that_are_disabled_were(either_provider: Provider) -> None:
    provider, began = either_provider, either_provider.clock.now()
    provider.administration.people.disable("wang")
    upgrade(provider, "0038_last_disabled", "ALTER TABLE person DROP COLUMN last_disabled_at")
    with provider.database.read() as connection:
        disabled = {name: people.disabled_since(connection, provider.person(name).id, began) for name in ("wang", "li")}
    assert disabled == {"wang": True, "li": False}


def test_0039_takes_no_device_of_before_for_known(provider: Provider) -> None:
    """Somebody may have put its name into a shared browser; the owner hears of a new device once."""

    def told() -> int:
        Account(provider, "wang", wang.browser).open("/account")
        provider.deliver()
        provider.clock.advance(12 * 3600)
        return sum("new device" in words for words in provider.mailbox.words())

    wang = Account(provider, "wang")
    assert [told(), told()] == [1, 1]
    upgrade(provider, "0039_devices_unknown_again")
    assert [told(), told()] == [2, 2]
