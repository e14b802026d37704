"""The operator's desk: everything a command needs, opened on an installation and closed again."""

from __future__ import annotations

from datetime import timedelta
from types import TracebackType
from typing import Self

from idp.administration.client_register import ClientRegister
from idp.administration.enrolments import Enrolments
from idp.administration.person_register import PersonRegister
from idp.administration.records import Records
from idp.administration.resource_register import ResourceRegister
from idp.authentication.passwords import Passwords
from idp.clients.certificates import TlsOffer
from idp.notices import Channels
from idp.opening import derived, open_keys, open_ledger, tls_offer, vault
from kernel.clock import Clock, SystemClock
from kernel.database import Database
from kernel.entropy import Entropy, SystemEntropy
from kernel.keys import KeyRing
from kernel.ledger.log import Ledger
from kernel.settings import IdpSettings

ENROLMENT_LASTS = timedelta(minutes=15)
NO_CERTIFICATES = TlsOffer()


class Administration:
    """Operators' commands; every one of them raises AdministrationError for what cannot be done.

    ``clients`` holds departments and their clients, ``resources`` whom tokens may be for, ``people`` the accounts.
    A context manager.
    """

    def __init__(
        self,
        *,
        database: Database,
        keys: KeyRing,
        ledger: Ledger,
        clock: Clock,
        entropy: Entropy,
        tls: TlsOffer = NO_CERTIFICATES,
        passwords: Passwords | None = None,
        enrolment_lasting: timedelta = ENROLMENT_LASTS,
    ) -> None:
        self._database, self._ledger, self._passwords = database, ledger, passwords or Passwords()
        records = Records(ledger, clock, entropy)
        self.clients = ClientRegister(database, records, clock, entropy, keys.algorithms, tls)
        self.resources = ResourceRegister(database, records, clock)
        sealing = vault(keys)
        channels = Channels(sealing, clock, entropy)
        self.people = PersonRegister(database, records, sealing, self._passwords, channels, clock, entropy)
        self.enrolments = Enrolments(
            database, records, self.people, enrolment_lasting, clock, entropy, derived(keys, "enrolment")
        )

    @classmethod
    def open(cls, settings: IdpSettings) -> Self:
        """On the installation the settings name, whether or not its service runs.

        Raises UnsafeDatabase, DatabaseUnavailable, KeyRingError.
        """
        clock, entropy = SystemClock(), SystemEntropy()
        keys = open_keys(settings, clock, entropy)
        database = Database.open(settings.database_url, pool_size=2)
        ledger = open_ledger(settings, database, keys, clock, entropy, serving=False)
        return cls(
            database=database,
            keys=keys,
            ledger=ledger,
            clock=clock,
            entropy=entropy,
            tls=tls_offer(settings),
            enrolment_lasting=timedelta(minutes=settings.enrolment_minutes),
        )

    @property
    def ledger(self) -> Ledger:
        """The provider's own log, in which every command is recorded."""
        return self._ledger

    def __enter__(self) -> Self:
        """This desk."""
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        """Close everything."""
        self.close()

    def close(self) -> None:
        """Write what waits and give back every connection."""
        self._passwords.close()
        self._ledger.close()
        self._database.close()
