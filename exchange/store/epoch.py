"""The policy epoch: one number that changes whenever a decision could come out differently.

It is raised only inside an append to the ledger, which holds the log's head: whoever releases under an epoch compares
it in the same order, so a release and a change of policy can never pass each other unseen.
"""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, select, update

from exchange.store.tables import policy_epoch
from kernel.database.driver import run


@dataclass(frozen=True, slots=True)
class Epoch:
    """The epoch of policies, and the version of the catalogue within it."""

    policies: int
    catalogue: int


_READ = select(policy_epoch.c.epoch, policy_epoch.c.catalogue)
_FENCE = "SELECT epoch FROM policy_epoch"
_RAISE = update(policy_epoch).values(epoch=policy_epoch.c.epoch + 1)


def read(connection: Connection) -> Epoch:
    """The epoch that holds now."""
    row = connection.execute(_READ).one()
    return Epoch(row.epoch, row.catalogue)


def fence(connection: Connection) -> int:
    """What the ledger compares a decision's epoch with, inside the append transaction."""
    (epoch,) = run(connection, _FENCE).fetchone() or (0,)
    return int(epoch)


def advance(connection: Connection, *, catalogue: bool = False) -> Epoch:
    """Raise the epoch, and with ``catalogue`` its version too. Call it from an append's own writes only.

    Returns the epoch that holds from this transaction on.
    """
    connection.execute(_RAISE.values(catalogue=policy_epoch.c.catalogue + 1) if catalogue else _RAISE)
    return read(connection)
