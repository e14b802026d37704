"""Rights in administration: every cell of the table, written down a second time by hand (M1)."""

from __future__ import annotations

import pytest

from idp.administration.rights import TABLE, Actor, Command, NotPermitted, Reach, permit, permit_somewhere, reach
from idp.model.roles import LABELS, Role, clash

COLUMNS = (Role.SYSTEM, Role.SECURITY, Role.AUDIT, Role.DEPARTMENT, Role.HELPDESK)
EXPECTED = """
clients.see            all all all own -
clients.register       all -   -   own -
clients.update         all -   -   own -
clients.rotate-secret  all -   -   own -
clients.disable        all all -   own -
clients.invite         all -   -   -   -
clients.see-invitations     all all all -   -
clients.withdraw-invitation all all -   -   -
resources.see          all all all own -
resources.put          all -   -   -   -
resources.disable      all all -   own -
people.see             -   all all own all
people.disable         -   all -   own -
people.enable          -   all -   own -
people.end-sessions    -   all -   own all
sessions.count         all all all -   -
people.change-roles    -   all -   own -
people.invite          all all -   own -
organisations.see      all all all all all
organisations.put      all -   -   -   -
keys.see               all all all -   -
keys.rotate            all all -   -   -
keys.revoke            all all -   -   -
policies.see           all all all -   -
events.see             -   -   all -   -
proposals.see          all all all own -
proposals.decide       all all -   -   -
people.prove           -   -   -   -   -
people.recover         -   -   -   -   -
people.confirm-proof   -   -   -   -   -
"""
WORDS = {"all": Reach.EVERYWHERE, "own": Reach.OWN, "-": None}
ROWS = [line.split() for line in EXPECTED.strip().splitlines()]


def expected(command: Command, role: Role) -> Reach | None:
    row = next(row for row in ROWS if row[0] == command.value)
    if row[0] in ("people.prove", "people.recover", "people.confirm-proof"):
        return Reach.EVERYWHERE if role is Role.CLERK else None
    if role in COLUMNS:
        return WORDS[row[1 + COLUMNS.index(role)]]
    return Reach.EVERYWHERE if (command, role) == (Command.SEE_EVENTS, Role.AUDITOR) else None


@pytest.mark.parametrize("role", Role)
@pytest.mark.parametrize("command", Command)
def test_every_cell(command: Command, role: Role) -> None:
    found = expected(command, role)
    assert reach([role.value], command) is found
    here, elsewhere = Actor("per_1", frozenset({role.value}), "HERE"), "ELSEWHERE"
    for organisation, allowed in (
        ("HERE", found is not None), (elsewhere, found is Reach.EVERYWHERE), (None, found is Reach.EVERYWHERE),
    ):  # fmt: skip
        if allowed:
            permit(here, command, organisation)
        else:
            with pytest.raises(NotPermitted):
                permit(here, command, organisation)


def test_the_hand_written_table_is_complete() -> None:
    assert [row[0] for row in ROWS] == [command.value for command in Command] == [each.value for each in TABLE]
    assert set(LABELS) == set(Role)


def test_unknown_offices_and_none_allow_nothing() -> None:
    for roles in ([], ["king"], ["SYSTEM-ADMINISTRATOR"]):
        assert all(reach(roles, command) is None for command in Command)


def test_somebody_without_an_organisation_has_no_own() -> None:
    nobody = Actor("per_1", frozenset({Role.DEPARTMENT.value}), None)
    with pytest.raises(NotPermitted):
        permit(nobody, Command.SEE_CLIENTS, None)
    with pytest.raises(NotPermitted):
        permit_somewhere(nobody, Command.SEE_CLIENTS)


@pytest.mark.parametrize(
    ("roles", "together"),
    [
        ({Role.SYSTEM, Role.SECURITY}, False), ({Role.SYSTEM, Role.AUDIT}, False), ({Role.SECURITY, Role.AUDIT}, False),
        ({Role.SYSTEM, Role.AUDITOR}, False), ({Role.DEPARTMENT, Role.AUDITOR}, False),
        ({Role.HELPDESK, Role.AUDIT}, False), ({Role.AUDIT, Role.AUDITOR}, True),
        ({Role.DEPARTMENT, Role.CLERK}, True), ({Role.PROVIDER_OFFICER, Role.AUDITOR}, True), (set(), True),
    ],
)  # fmt: skip
def test_to_run_to_guard_and_to_watch_are_different_persons(roles: set[Role], together: bool) -> None:
    assert clash(roles) is not together
