"""Agents of legal entities (经办人): appointed by a legal representative, confirmed under the agent's own identity.

Whom a representative means is kept as a blind index of a citizen number: nobody learns whether there is an account, and
only the person who was proven to hold the number sees, and can confirm, what waits for them. Either side ends it; all
of it falls with the right of whoever appointed (`idp.proofing.lapse`). An agent appoints nobody, unless the
representative made them an administrator (`idp.proofing.administrators`; ADR 0039, 0044).
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, time, timedelta

from sqlalchemy import Connection

from idp.authentication import told
from idp.authentication.own_account import NothingThere, OwnChanges, Owner
from idp.errors import InvalidGrantError
from idp.model.appointment import LONGEST, MOST_ITEMS, MOST_OPEN, Appointment
from idp.model.person import PersonKind
from idp.model.proofing import BY_A_REGISTER
from idp.model.representation import ALL, Capacity, Representation
from idp.notices import NoticeKind
from idp.proofing import administrators, lapse
from idp.proofing.administrators import CannotAppoint
from idp.resource.labels import service_name
from idp.resource.metadata import ResourceMetadata, ResourceUnavailable, UnknownInCatalogue
from idp.revocations import Revocations
from idp.store import appointments, families, people
from idp.tokens.mandates import Mandates
from kernel import canonical
from kernel.canonical import JSON
from kernel.dates import CHINA, local_day
from kernel.identifiers import service_item, subject
from kernel.identifiers.subject import SubjectRef
from kernel.ids import new_id
from kernel.text import Text

_LONGEST_NAME = 50
_SHOWN_DIGITS = 4
_MOST_NAMED = 50
"""Service items looked up for one page; further ones stand there by their codes."""
_MOST_TRIES = 3
_TRIES_WITHIN = timedelta(days=1)


_ASKED_ENOUGH = Text(
    "您已多次请这个人担任经办人，请等其答复，或明天再试",
    "You have asked this person several times: wait for an answer, or try again tomorrow",
)


@dataclass(frozen=True, slots=True)
class Wanted:
    """The form as it was sent. ``items`` None: every matter."""

    name: str = field(repr=False)
    number: str = field(repr=False)
    until: str
    items: Sequence[str] | None
    administrator: bool = False
    """They may appoint agents themselves."""


@dataclass(frozen=True, slots=True)
class Appointed:
    """An appointment as whoever made it, or their representative, sees it; the agent's number by its last digits."""

    kept: Appointment
    name: str = field(repr=False)
    last_digits: str = field(repr=False)
    suspended: bool
    """Nobody acts by it while the representation it rests on, or the account of whoever appointed, does not stand."""

    def waits_for(self, person: str, now: datetime) -> bool:
        """Whether it would be in force, if this person had the representation proven again."""
        over = self.kept.ended_at is not None or self.kept.valid_until <= now
        return self.suspended and not over and self.kept.representative == person and self.kept.via is None


@dataclass(frozen=True, slots=True)
class Proposed:
    """What waits for an agent: by whom, for which entity."""

    kept: Appointment
    entity: Representation
    asker: str = field(repr=False)
    """Who asks: the representative, or one of their administrators."""


@dataclass(frozen=True, slots=True)
class Agents:
    """Raises LedgerUnavailable, DatabaseUnavailable."""

    mandates: Mandates
    changes: OwnChanges
    catalogue: ResourceMetadata
    memory: Revocations

    def of(self, owner: Owner) -> list[Appointed]:
        """Whom this person appointed, or their administrators did, newest first."""
        person, now = owner.person.id, self.changes.clock.now()
        with self.mandates.database.read() as connection:
            found = appointments.of_representative(connection, person)
            found += appointments.of_administrator(connection, person, now)
            found.sort(key=lambda each: each.proposed_at, reverse=True)
            keys = {each: people.data_key(connection, each) for each in {one.representative for one in found}}
            acting = appointments.acting(connection, found, now)
        return [self._opened(each, keys[each.representative], suspended=each.id not in acting) for each in found]

    def suspended(self, owner: Owner) -> list[Appointment]:
        """What this person confirmed, and cannot act by until it is proven again; they can end it meanwhile."""
        with self.mandates.database.read() as connection:
            return appointments.suspended(connection, owner.person.id, self.changes.clock.now())

    def waiting(self, owner: Owner) -> list[Proposed]:
        """What waits for this person to confirm it."""
        index = self._index(owner)
        if index is None:
            return []
        with self.mandates.database.read() as connection:
            found = appointments.awaiting(connection, index, self.changes.clock.now())
            return [made for each in found if (made := self._proposed(connection, each)) is not None]

    def named(self, codes: Iterable[str]) -> dict[str, Text]:
        """Service items in words, as far as the catalogue can be read now; by their codes otherwise."""
        named, asked = {}, True
        for number, code in enumerate(dict.fromkeys(codes)):
            name = None
            if asked and number < _MOST_NAMED:
                try:
                    name = self._words(code)
                except ResourceUnavailable:  # it would be waited for anew for each of them
                    asked = False
            named[code] = name or Text(code, code)
        return named

    def representation(self, owner: Owner, representation_id: str) -> Representation:
        """By what the owner may appoint agents of an entity, which the register confirms.

        A proof of their own, or an appointment as an administrator; any other agent appoints nobody.

        Raises NothingThere, TemporarilyUnavailableError.
        """
        found = self.mandates.find(owner.person.id, representation_id)
        if found is None or not found.may_appoint:
            raise NothingThere
        try:
            self.mandates.confirm(found)
        except InvalidGrantError:
            raise NothingThere from None
        return found

    def appoint(self, owner: Owner, representation_id: str, wanted: Wanted) -> None:
        """Propose somebody.

        Raises NothingThere, CannotAppoint, InvalidIdentifier, ResourceUnavailable, TemporarilyUnavailableError.
        """
        entity = self.representation(owner, representation_id)
        agent, name = subject.parse("citizen-number", wanted.number.strip()), wanted.name.strip()
        if not 0 < len(name) <= _LONGEST_NAME or not name.isprintable():
            raise CannotAppoint("name", Text("请填写经办人的姓名", "Enter the agent's name"))
        if agent == owner.reference:
            raise CannotAppoint("number", Text("不能指定您自己", "You cannot appoint yourself"))
        if wanted.administrator and entity.capacity is not Capacity.LEGAL_REPRESENTATIVE:
            raise CannotAppoint("administrator", administrators.REPRESENTATIVE_ALONE)
        items = None if wanted.items is None else self._items(wanted.items)
        until = self._until(wanted.until)
        self._propose(owner, entity, agent, name, items, until, administrator=wanted.administrator)

    def answer(self, owner: Owner, appointment_id: str, *, yes: bool) -> None:
        """The agent confirms or declines under their own identity. Raises NothingThere."""
        index, agent, now = self._index(owner), owner.person.id, self.changes.clock.now()
        if index is None:
            raise NothingThere

        def change(connection: Connection) -> None:
            asker = (
                appointments.confirm(connection, appointment_id, index, agent, now)
                if yes
                else appointments.decline(connection, appointment_id, index, now)
            )
            self._tell(connection, asker, appointment_id, told.AGENT_CONFIRMED if yes else told.AGENCY_ENDED)

        notice = told.AGENCY_CONFIRMED if yes else told.AGENCY_ENDED_BY_YOU
        event = "AgencyConfirmed" if yes else "AgencyDeclined"
        self.changes.make(owner, event, change, notice, {"appointment": appointment_id})

    def end(self, owner: Owner, appointment_id: str) -> None:
        """Either side ends it, with every token that stems from it, at once. Raises NothingThere."""
        person, now = owner.person.id, self.changes.clock.now()

        def change(connection: Connection) -> None:
            ended = appointments.end_by_representative(connection, appointment_id, person, now)
            if ended is not None:
                other = ended.agent  # whoever never confirmed is asked no longer, and need not be told so
            else:
                other = None
                asker = appointments.end_by_agent(connection, appointment_id, person, now)
                self._tell(connection, asker, appointment_id, told.AGENCY_ENDED)
            families.revoke_representation(connection, appointment_id, now)
            lapse.below(connection, self.changes.notices, appointment_id, now)
            if other is not None:
                self.changes.notices.send(connection, other, told.AGENCY_ENDED)

        facts: dict[str, JSON] = {"appointment": appointment_id}
        self.changes.make(owner, "AgencyEnded", change, told.AGENCY_ENDED_BY_YOU, facts)
        self.memory.refreshed()

    def _propose(
        self, owner: Owner, entity: Representation, agent: SubjectRef, name: str,
        items: tuple[str, ...] | None, until: datetime, *, administrator: bool,
    ) -> None:  # fmt: skip
        changes, vault, person = self.changes, self.mandates.vault, entity.representative
        via = None if entity.capacity is Capacity.LEGAL_REPRESENTATIVE else entity.id
        made, now = new_id("apt", changes.clock, changes.entropy), changes.clock.now()
        written = canonical.encode({"name": name, "last_digits": agent.value[-_SHOWN_DIGITS:]})

        def change(connection: Connection) -> None:
            if appointments.count_open(connection, person, now) >= MOST_OPEN:
                raise CannotAppoint("number", Text("经办人已达上限", "There are too many agents already"))
            if administrator:
                administrators.one_more(connection, person, now)
            if via is not None:
                administrators.within(connection, owner.person.id, via, items, until, now)
            sealed = vault.seal_more(person, people.data_key(connection, person), written, _place(made))
            entity_index = vault.index(SubjectRef("social-credit-code", entity.code))
            meant = vault.index(agent)
            if appointments.count_vain(connection, person, meant, now - _TRIES_WITHIN, now) >= _MOST_TRIES:
                raise CannotAppoint("number", _ASKED_ENOUGH)
            kept = Appointment(
                made, person, entity_index, meant, sealed, items, now, until, may_appoint=administrator, via=via
            )
            appointments.add(connection, kept)
            holder = people.holder(connection, kept.agent_index)
            if holder is not None:
                changes.notices.send(connection, holder, told.AGENCY_ASKED)
            if via is not None:
                changes.notices.send(connection, person, told.AGENT_APPOINTED_BY_ADMINISTRATOR)

        facts: dict[str, JSON] = {
            "appointment": made,
            "representation": entity.id,
            "service_items": ALL if items is None else [*items],
            "until": int(until.timestamp()),
            "administrator": administrator,
        }
        changes.make(owner, "AgentAppointed", change, told.AGENT_APPOINTED, facts)

    def _tell(self, connection: Connection, person_id: str | None, appointment_id: str, kind: NoticeKind) -> None:
        """The representative, and the administrator who asked."""
        if person_id is None:
            raise NothingThere
        asker = administrators.behind(connection, appointments.find(connection, appointment_id))
        for each in dict.fromkeys((person_id, asker or person_id)):
            self.changes.notices.send(connection, each, kind)

    def _words(self, code: str) -> Text:
        """Raises ResourceUnavailable."""
        try:
            name = service_name(self.catalogue, code)
        except UnknownInCatalogue:
            return Text(code, code)
        return Text(f"{name.zh} {code}", f"{name.en} ({code})")

    def _items(self, codes: Sequence[str]) -> tuple[str, ...]:
        """Service items, each known to the catalogue. Raises CannotAppoint, InvalidIdentifier and what that raises."""
        wanted = tuple(dict.fromkeys(service_item.parse(each).value for each in codes))
        if not 0 < len(wanted) <= MOST_ITEMS:
            raise CannotAppoint("items", Text("请填写 1 至 50 个事项编码", "Enter 1 to 50 codes of service items"))
        for each in wanted:
            try:
                service_name(self.catalogue, each)
            except UnknownInCatalogue:
                raise CannotAppoint("items", Text(f"没有这个事项：{each}", f"No such item: {each}")) from None
        return wanted

    def _until(self, text: str) -> datetime:
        """The end of a day in China, from tomorrow on and within a year. Raises CannotAppoint."""
        today = local_day(self.changes.clock.now())
        try:
            day = date.fromisoformat(text.strip())
        except ValueError:
            day = today
        if not today < day <= today + LONGEST:
            why = Text("请填写明天起一年以内的日期", "Enter a day from tomorrow on, within a year")
            raise CannotAppoint("until", why)
        return datetime.combine(day + timedelta(days=1), time(), CHINA)

    def _index(self, owner: Owner) -> bytes | None:
        """By what somebody is found as an agent: a natural person's own, proven number."""
        reference, person = owner.reference, owner.person
        proven = person.kind is PersonKind.NATURAL and person.assurance >= BY_A_REGISTER
        if reference is None or reference.scheme != "citizen-number" or not proven:
            return None
        return self.mandates.vault.index(reference)

    def _opened(self, kept: Appointment, key: bytes, *, suspended: bool) -> Appointed:
        stored = canonical.decode(self.mandates.vault.open_more(kept.representative, key, kept.sealed, _place(kept.id)))
        assert isinstance(stored, dict)  # our own encoding, authenticated by the seal
        return Appointed(kept, str(stored["name"]), str(stored["last_digits"]), suspended)

    def _proposed(self, connection: Connection, kept: Appointment) -> Proposed | None:
        entity = self.mandates.entity_of(connection, kept)
        asker = people.find(connection, administrators.behind(connection, kept) or kept.representative)
        return None if entity is None or asker is None else Proposed(kept, entity, asker.name)


def _place(appointment_id: str) -> str:
    return f"appointment {appointment_id}"
