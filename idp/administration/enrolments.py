"""One-time links by which members of staff make their own accounts; the first of them by whoever installs.

No account ever exists with a password somebody else knows, and none exists before its owner made it (M2).
"""

from __future__ import annotations

from base64 import b32encode
from dataclasses import dataclass, field
from datetime import timedelta

from sqlalchemy import Connection

from idp.administration import giving
from idp.administration.acts import Act, ShownOnce
from idp.administration.client_register import refuse_unknown_organisation
from idp.administration.errors import AdministrationError
from idp.administration.person_register import PersonRegister
from idp.administration.records import Records
from idp.authentication import totp
from idp.model.client import Organisation
from idp.model.enrolment import Enrolment
from idp.model.person import NewPerson, PersonKind
from idp.model.roles import Role
from idp.model.secret import hashed
from idp.store import enrolments, organisations, people
from kernel.canonical import JSON
from kernel.clock import Clock
from kernel.database import Database
from kernel.entropy import Entropy, token
from kernel.envelope import hmac_sha256
from kernel.ids import new_id

LINK = "link"
IN_OFFICE = 3
"""The level staff are proofed to: whoever invites them knows them in office (ADR 0024)."""
_LONGEST_SECRET = 128


@dataclass(frozen=True, slots=True)
class Newcomer:
    """What somebody enters on the page: a name to sign in with, their own, a password, a code that proves the app."""

    username: str
    name: str = field(repr=False)
    password: str = field(repr=False)
    code: str = field(repr=False)


@dataclass(frozen=True, slots=True)
class Enrolments:
    """Makes links and turns them into accounts. ``key`` makes each link's TOTP secret, so that nothing is kept."""

    database: Database
    records: Records
    register: PersonRegister
    lasting: timedelta
    clock: Clock
    entropy: Entropy
    key: bytes = field(repr=False)

    def first(self) -> str:
        """The secret of a link for the first system administrator; an older one stops working.

        Raises AdministrationError once there is such an administrator.
        """
        act = self.inviting((Role.SYSTEM.value,), None)
        self.records.make(act.name, act.facts, act.change)
        shown = act.afterwards()
        assert shown is not None  # that of a link shows the link
        return shown.secret

    def inviting(
        self,
        roles: tuple[str, ...],
        organisation: str | None,
        *,
        invited_by: str | None = None,
        proposal: str | None = None,
    ) -> Act:
        """The act of making a link. ``invited_by``: who asks, None for the operator's command; ``proposal``: by what it
        was confirmed, where the offices take two to give.

        The change raises AdministrationError for an office that one alone may fill no longer.
        """
        secret, now = token(self.entropy), self.clock.now()
        made = Enrolment(
            new_id("enr", self.clock, self.entropy),
            hashed(secret),
            roles,
            organisation,
            now + self.lasting,
            invited_by,
            proposal,
        )

        def change(connection: Connection) -> None:
            if made.fills_vacancy:
                if not giving.vacant(connection, made):
                    raise AdministrationError("该职责已有人担任", "somebody holds this office already")
                for role in roles:
                    enrolments.cancel(connection, role, now)
            if organisation is not None:
                refuse_unknown_organisation(connection, organisation)
            enrolments.add(connection, made)

        facts: dict[str, JSON] = {"enrolment": made.id, "roles": [*roles], "organisation": organisation}
        return Act("StaffInvited", facts, change, lambda: ShownOnce(LINK, secret))

    def find(self, secret: str) -> Enrolment | None:
        """The link with a secret, while it can be used: also not once whoever made it may give the office no longer.

        One kept without an office leads nowhere.
        """
        if len(secret) > _LONGEST_SECRET:
            return None
        with self.database.read() as connection:
            found = enrolments.find(connection, hashed(secret), self.clock.now())
            usable = found is not None and found.roles and giving.stands(connection, found)
        return found if usable else None

    def totp_secret(self, secret: str) -> str:
        """The TOTP secret that belongs to a link: the same however often the page is opened (160 bits, RFC 4226 §4)."""
        return b32encode(hmac_sha256(self.key, f"totp\0{secret}".encode())[:20]).decode()

    def enrol(self, secret: str, newcomer: Newcomer, body: Organisation | None) -> None:
        """Make the account and use the link up, in one transaction. Raises AdministrationError, and then does neither.

        ``body``: the operating organisation, which the first administrator names.
        """
        found = self.find(secret)
        if found is None:
            raise LinkGone
        shared, now = self.totp_secret(secret), self.clock.now()
        counter = totp.matching_counter(shared, newcomer.code, now)
        if counter is None:
            raise AdministrationError("验证码不正确", "the code is wrong")
        made = self.register.made(_account(newcomer, found, body, shared))

        def change(connection: Connection) -> None:
            if not enrolments.use(connection, found.hash, now) or not giving.stands(connection, found):
                raise LinkGone
            if found.organisation is None and body is not None:
                organisations.put(connection, body, now)
            made.change(connection)
            people.spend_totp_counter(connection, str(made.facts["person"]), counter)

        facts: dict[str, JSON] = {**made.facts, "enrolment": found.id, "roles": [*found.roles]}
        self.records.of(str(made.facts["person"]), "enrol").make(made.name, facts, change)


class LinkGone(AdministrationError):
    """The link was used, has expired, gives nothing any more, or never was: nobody outside can tell which."""

    def __init__(self) -> None:
        super().__init__("此链接已使用或已过期", "this link was used or has expired")


def _account(newcomer: Newcomer, found: Enrolment, body: Organisation | None, shared: str) -> NewPerson:
    organisation = found.organisation or (body.code if body is not None else None)
    if organisation is None:
        raise AdministrationError("请填写运营机构", "name the operating organisation")
    return NewPerson(
        username=newcomer.username,
        name=newcomer.name,
        password=newcomer.password,
        kind=PersonKind.STAFF,
        assurance=IN_OFFICE,
        totp_secret=shared,
        organisation=organisation,
        roles=found.roles,
    )
