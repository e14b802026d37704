"""The tables: migrations and definitions agree, memory follows the database, and what expired goes."""

from __future__ import annotations

import re
from datetime import UTC, datetime, timedelta

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import Connection, func, literal, literal_column, select, update
from werkzeug.test import Client

from idp.clients.memory import LOOK_EVERY, Versioned
from idp.model.appointment import DEFAULT_LASTING, Appointment
from idp.model.asking import Asking
from idp.model.authorization import AuthorizationRequest
from idp.model.backchannel import BackchannelRequest
from idp.model.device import DeviceRequest
from idp.model.invitation import Terms
from idp.model.passkey import Passkey
from idp.model.proofing import WindowCheck
from idp.model.proposal import Proposal
from idp.model.recovery import Recovery
from idp.model.representation import LASTS, Capacity, SealedRepresentation
from idp.model.secret import hashed
from idp.model.signing_up import SigningUp
from idp.model.upstream import Visit
from idp.proofing.recovery_asking import ASKING_LASTS
from idp.store import (
    appointments,
    backchannel_requests,
    codes,
    device_requests,
    families,
    passkeys,
    proofs,
    proposals,
    recoveries,
    refresh_tokens,
    representations,
    revocations,
    second_factors,
    sessions,
    signing_up,
    sweeping,
    tables,
    upstream_visits,
    versions,
    window_checks,
)
from idp.store.askings import BACKCHANNEL, RECOVERIES
from kernel import migrations
from kernel.clock import ManualClock
from kernel.database import Database, DatabaseUnavailable, Instant
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, MARKET, START, Provider
from tests.doubles.relying_party import CALLBACK, ProofKey, RelyingParty, permits, public_client
from tests.unit.idp.test_notices import person_id, tell


def test_the_migrations_make_exactly_the_tables(database_url: str) -> None:
    assert not migrations.current(database_url, "idp.store")
    migrations.upgrade(database_url, "idp.store")
    assert migrations.current(database_url, "idp.store")
    database = Database.open(database_url)
    with database.read() as connection:  # no transaction is held while Python compares
        context = MigrationContext.configure(connection, opts={"compare_type": True})
        differences = [
            each for each in compare_metadata(context, tables.metadata) if "alembic_version" not in repr(each)
        ]
    database.close()
    assert differences == []


def test_whether_a_family_is_alive_is_looked_up_by_keys_while_tables_are_small(postgresql_url: str) -> None:
    """The server keeps a plan while tables grow: one that begins with every session, or a session's families, lasts."""
    migrations.upgrade(postgresql_url, "idp.store")
    now = literal(datetime(2026, 11, 24, tzinfo=UTC), type_=Instant)
    presented = literal_column("'presented'::bytea")
    redeem = update(tables.code).where(tables.code.c.hash == presented, families.alive(tables.code.c.family, now))
    database = Database.open(postgresql_url)
    composed = redeem.values(used_at=now).compile(database.engine, compile_kwargs={"literal_binds": True})
    with database.read() as connection:
        plan = "\n".join(connection.exec_driver_sql(f"EXPLAIN {composed}").scalars())
    database.close()
    used = set(re.findall(r"using (\w+)", plan))
    assert used == {"code_pkey", "family_pkey", "web_session_pkey", "person_pkey"}, plan
    assert "Seq Scan" not in plan, plan


def counts(provider: Provider) -> dict[str, int]:
    with provider.database.read() as connection:
        return {
            table.name: connection.execute(select(func.count()).select_from(table)).scalar_one()
            for table in tables.metadata.sorted_tables
            if not table.name.startswith("ledger_")
        }


def may_act(provider: Provider) -> None:
    """Somebody acts for an organisation."""
    now, mark = provider.clock.now(), b"m" * 32
    kept = SealedRepresentation(
        "rep", person_id(provider), Capacity.LEGAL_REPRESENTATIVE, mark, b"sealed", "paper", mark, now, now + LASTS, now
    )
    agent = Appointment("apt", person_id(provider), mark, mark, b"sealed", None, now, now + DEFAULT_LASTING)

    def work(connection: Connection) -> None:
        representations.add(connection, kept)
        appointments.add(connection, agent)

    provider.database.write(work)


def fill(provider: Provider, client_id: str) -> None:
    """One row in each table of authenticators, and a terminal that asks."""
    person, now, later = person_id(provider), provider.clock.now(), provider.clock.now() + timedelta(minutes=5)
    mark = b"m" * 32
    key = Passkey("pky", person, b"credential", b"key", 0, (), True, False, "Phone", now)

    def work(connection: Connection) -> None:
        passkeys.add(connection, key)
        upstream_visits.add(connection, Visit(mark, person, "province"), later)
        passkeys.challenge(connection, mark, "get", mark, None, later)
        second_factors.replace_recovery_codes(connection, person, [mark], now)
        second_factors.send_code(connection, "chn", person, mark, now, later)
        second_factors.begin_totp(connection, person, mark, later)
        wanted = AuthorizationRequest(client_id, "", ("openid",), "")
        device_requests.add(connection, DeviceRequest(mark, wanted, later), mark, 5, now)
        asked = BackchannelRequest("cib", mark, client_id, person, mark, wanted, now, later)
        backchannel_requests.add(connection, asked, 5)

    provider.database.write(work)


def propose_and_invite(provider: Provider, client_id: str) -> None:
    """One proposal, one enrolment link, one account somebody made for themselves, one scope taken from a client."""
    provider.administration.enrolments.first()
    now, officer = provider.clock.now(), provider.administration.people.by_username("officer")
    assert officer is not None
    made = Proposal("prp_1", "keys.revoke", {"kid": "x"}, officer.id, now, now + timedelta(hours=1))

    def work(connection: Connection) -> None:
        proposals.add(connection, made)
        signing_up.add(connection, SigningUp(b"s" * 32, officer.id, "chn", "x", now + timedelta(minutes=30)))
        signing_up.confirm(connection, b"s" * 32, now)
        assert signing_up.finish(connection, b"s" * 32, now)
        recoveries.add(connection, Recovery("rcv", officer.id, b"a" * 32, b"b" * 32, now, now + timedelta(hours=1)))
        BACKCHANNEL.add(connection, Asking("cib_2", b"sealed", now, now + timedelta(hours=1)))
        RECOVERIES.add(connection, Asking("rcv_2", b"sealed", now, now + ASKING_LASTS))
        revocations.take(connection, client_id, frozenset({"profile"}), frozenset(), now)
        check = WindowCheck("chk", officer.id, b"sealed", b"e" * 32)
        window_checks.add(connection, check, now + timedelta(hours=1))

    provider.database.write(work)


def test_what_has_expired_is_swept_and_what_has_not_stays(either_provider: Provider) -> None:
    party, key, clock = RelyingParty(either_provider), ProofKey(either_provider), either_provider.clock
    sweeper = either_provider.sweeper()
    permits(either_provider)
    browser = Browser(either_provider)
    browser.get(party.authorize_url(prompt="consent"))
    party.form("/revoke", {"token": party.tokens(browser, dpop=key)["access_token"]})
    party.push(key)
    tell(either_provider)
    everything_else(either_provider, party)
    fill(either_provider, party.id)
    may_act(either_provider)
    propose_and_invite(either_provider, party.id)
    before = counts(either_provider)
    assert all(before.values()), before
    assert sweeper.sweep() == 0
    assert counts(either_provider) == before

    clock.advance(timedelta(hours=14).total_seconds())
    sweeper.sweep()
    after = counts(either_provider)
    lasting = {
        "state_version",
        "organisation",
        "client",
        "client_management",
        "resource_server",
        "person",
        "credential",
        "consent",
        "proposal",
        "proofing",
        "representation",
        "appointment",
        "office_held",
    }
    lasting |= {"contact_channel", "passkey", "recovery_code", "known_device", "taken_right"}
    assert {name: after[name] for name in lasting} == {name: before[name] for name in lasting}
    left = {name for name in after.keys() - lasting if after[name]}
    # remembered, or tried, for a day or more
    assert left <= {"throttle", "notice", "invitation", "logout_notice", "recovery_asking"}
    clock.advance(timedelta(days=3).total_seconds())
    sweeper.sweep()
    assert not {name: count for name, count in counts(either_provider).items() if count and name not in lasting}
    clock.advance(sweeping.KEEP_RIGHTS.total_seconds())
    sweeper.sweep()
    assert counts(either_provider)["taken_right"] == 0


def everything_else(provider: Provider, party: RelyingParty) -> None:
    """A client that registered itself, and a session that ended."""
    terms = Terms(MARKET, frozenset({"openid"}), frozenset({"authorization_code"}))
    invitation = provider.administration.clients.invite(terms, uses=2)["initial_access_token"]
    metadata = {"client_name": "Website", "redirect_uris": [CALLBACK]}
    http = Client(provider.app)
    answer = http.post("/register", json=metadata, headers={"Authorization": f"Bearer {invitation}"}, base_url=ISSUER)
    assert answer.status_code == 201
    browser = Browser(provider)
    hint = party.tokens(browser)["id_token"]
    browser.get(f"/logout?id_token_hint={hint}")


def test_a_live_session_survives_the_sweep(provider: Provider) -> None:
    party = RelyingParty(provider)
    token = party.tokens()["refresh_token"]
    provider.clock.advance(3 * 3600)
    provider.sweeper().sweep()
    assert party.refresh(token).status_code == 200


def test_memory_is_read_again_only_when_its_counter_moved(provider: Provider) -> None:
    loads: list[int] = []
    memory = Versioned(
        provider.database, versions.CLIENTS, lambda _connection: loads.append(1) or len(loads), provider.clock
    )
    assert [memory.current(), memory.current()] == [1, 1]
    provider.clock.advance(LOOK_EVERY)
    assert memory.current() == 1
    public_client(provider)
    assert memory.current() == 2
    assert memory.refreshed() == 2


def test_an_old_memory_is_no_answer_when_the_database_is_away() -> None:
    class Away:
        def read(self):
            raise DatabaseUnavailable("away")

    memory = Versioned(Away(), versions.CLIENTS, lambda _connection: 1, ManualClock(START))
    with pytest.raises(DatabaseUnavailable):
        memory.current()


GONE = {
    "family": {"revoked_at": START},
    "web_session": {"ended_at": START},
    "person": {"disabled_at": START},
}


@pytest.mark.parametrize("table", GONE)
def test_T6_the_statement_itself_looks_at_family_session_and_person(provider: Provider, table: str) -> None:
    """Whatever was read before: what ended a moment ago redeems nothing."""
    party = RelyingParty(provider)
    code, refresh = hashed(party.code()), hashed(party.tokens()["refresh_token"])

    def redeem(connection: Connection) -> tuple[bool, bool]:
        with connection.begin_nested() as attempt:
            old = refresh_tokens.find(connection, refresh, party.id)
            assert old is not None
            won = codes.redeem(connection, [codes.Redemption(code, party.id, provider.clock.now())])
            outcome = (won, refresh_tokens.supersede(connection, old, b"x" * 32, provider.clock.now()))
            attempt.rollback()
        return outcome

    assert provider.database.write(redeem) == (True, True)
    ended = tables.metadata.tables[table].update().values(**GONE[table])
    provider.database.write(lambda connection: connection.execute(ended))
    assert provider.database.write(redeem) == (False, False)


def test_S2_a_session_that_ended_meanwhile_is_not_renewed(provider: Provider, browser: Browser) -> None:
    """By a factor that was being checked when it ended."""
    RelyingParty(provider).code(browser)
    now, person = provider.clock.now(), provider.person("wang").id

    def renew(connection: Connection) -> bool:
        return sessions.renew(connection, session.id, b"c" * 32, session.authentication, now)

    with provider.database.read() as connection:
        [session] = sessions.live_of_person(connection, person, now)
    assert provider.database.write(renew)
    provider.database.write(lambda connection: sessions.end(connection, session.id, now))
    assert not provider.database.write(renew)


def test_T5_the_statement_itself_looks_at_when_a_token_was_rotated(provider: Provider) -> None:
    """Whatever was read before: the grace may have ended since."""
    party = RelyingParty(provider)
    token = party.tokens()["refresh_token"]
    rotated = provider.clock.now()
    successor = party.refresh(token).json["refresh_token"]

    def may_repeat(connection: Connection, since: datetime) -> bool:
        old = refresh_tokens.find(connection, hashed(token), party.id)
        assert old is not None
        return refresh_tokens.may_repeat(connection, old, hashed(successor), since, rotated)

    assert provider.database.write(lambda connection: may_repeat(connection, rotated))
    assert not provider.database.write(lambda connection: may_repeat(connection, rotated + timedelta(microseconds=1)))


def test_T1_of_codes_redeemed_together_none_counts_when_one_is_used_or_asked_for_twice(
    provider: Provider,
) -> None:
    party = RelyingParty(provider)
    first, second, used = (hashed(party.code()) for _ in range(3))

    def redeem(*hashes: bytes, client: str = party.id, undo: bool = True) -> bool:
        def attempt(connection: Connection) -> bool:
            with connection.begin_nested() as tried:
                wanted = [codes.Redemption(each, client, provider.clock.now()) for each in hashes]
                won = codes.redeem(connection, wanted)
                if undo:
                    tried.rollback()
            return won

        return provider.database.write(attempt)

    assert redeem(used, undo=False)
    assert redeem(first, second)
    assert not redeem(first, used)
    assert not redeem(first, second, first)
    assert not redeem(first, client="another-client")  # T2
    assert not redeem(first, hashed("unknown"))


def test_D1_of_proofs_spent_together_every_one_shown_before_is_named(provider: Provider) -> None:
    until = provider.clock.now()
    old, new = (proofs.SpentProof(proofs.DPOP, "key", jti, until) for jti in ("old", "new"))
    assert provider.database.write(lambda connection: proofs.spend(connection, old))
    assert provider.database.write(lambda connection: proofs.spent_before(connection, [new, old, new])) == [old, new]
