"""The administration API: who is let in, who may do what where, four eyes, and an entry for every change."""

from __future__ import annotations

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from idp.store import people
from tests.doubles.administrators import Console, appoint, person_id
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, MARKET, URBAN, Provider, credit_code
from tests.doubles.relying_party import CALLBACK, RelyingParty, key_pair

OPEN = Callable[[str], Console]


@pytest.fixture
def consoles(provider: Provider) -> OPEN:
    """Consoles by user name, one sign-in each."""
    appoint(provider)
    party, opened = RelyingParty(provider, scope="openid admin"), {}

    def console(username: str) -> Console:
        if username not in opened:
            opened[username] = Console(provider, username, party)
        return opened[username]

    return console


def website(organisation: str = MARKET, **changes: Any) -> dict[str, Any]:
    return {
        "client_name": "Website",
        "redirect_uris": [CALLBACK],
        "tongban_organisation": organisation,
        "token_endpoint_auth_method": "client_secret_basic",
        "scope": "openid profile",
        **changes,
    }


def test_clients_from_registration_to_the_end(provider: Provider, consoles: OPEN) -> None:
    system = consoles("system")
    made = system.call("POST", "/clients", website())
    assert made.status_code == 201, made.text
    client, secret = made.json["client_id"], made.json["client_secret"]
    assert secret not in repr(provider.events())
    changed = system.call("PUT", f"/clients/{client}", website(client_name="Renamed"))
    assert changed.status_code == 200, changed.text
    assert "client_secret" not in changed.json
    assert system.call("GET", f"/clients/{client}").json["client_name"] == "Renamed"
    assert system.call("POST", f"/clients/{client}/secret").json["client_secret"] != secret
    assert system.call("POST", f"/clients/{client}/disable").status_code == 204
    assert system.call("GET", f"/clients/{client}").json["tongban_disabled"] is True
    acts = [each["facts"] for each in provider.events() if each["facts"].get("client") == client]
    assert [each["command"] for each in acts] == [
        "clients.register", "clients.update", "clients.rotate-secret", "clients.disable",
    ]  # fmt: skip
    assert {each["actor"] for each in acts} == {person_id(provider, "system")}


def test_a_client_keeps_its_organisation_and_bad_metadata_is_said(consoles: OPEN) -> None:
    system = consoles("system")
    client = system.call("POST", "/clients", website()).json["client_id"]
    assert system.call("PUT", f"/clients/{client}", website(URBAN)).status_code == 422
    refused = system.call("POST", "/clients", website(redirect_uris=["http://evil.example/cb"]))
    assert (refused.status_code, refused.mimetype) == (422, "application/problem+json")
    assert refused.json["code"] == "administration.refused"
    assert system.call("GET", "/clients/unknown").status_code == 404
    assert system.call("PUT", "/clients/unknown", website()).status_code == 404


def test_a_departments_administrator_reaches_their_department_alone(consoles: OPEN) -> None:
    """M1, keycloak#31641: on create and on update, for what it was and for what it becomes."""
    system, market = consoles("system"), consoles("market")
    own = market.call("POST", "/clients", website())
    assert own.status_code == 201, own.text
    foreign = system.call("POST", "/clients", website(URBAN)).json["client_id"]
    assert market.call("POST", "/clients", website(URBAN)).status_code == 403
    for method, path, body in (
        ("GET", "", None), ("PUT", "", website()), ("PUT", "", website(URBAN)), ("POST", "/secret", None),
        ("POST", "/disable", None),
    ):  # fmt: skip
        assert market.call(method, f"/clients/{foreign}{path}", body).status_code == 404
    assert market.call("PUT", f"/clients/{own.json['client_id']}", website(URBAN)).status_code == 403
    listed = {each["client_id"] for each in market.call("GET", "/clients").json["clients"]}
    assert own.json["client_id"] in listed
    assert foreign not in listed


@pytest.mark.parametrize("scope", ["admin", "introspect", "preview", "governance"])
def test_a_lower_administrator_cannot_raise_itself_through_a_client(consoles: OPEN, scope: str) -> None:
    """M1 (KC-2026-15572, -3121, -14614, -18201): no privileged scope, and no secret of a client that has one."""
    system, market = consoles("system"), consoles("market")
    for asked in (scope, f"openid {scope}", f"openid\t{scope} profile"):
        assert market.call("POST", "/clients", website(scope=asked)).status_code == 403
    own = market.call("POST", "/clients", website()).json["client_id"]
    assert market.call("PUT", f"/clients/{own}", website(scope=f"openid {scope}")).status_code == 403
    raised = system.call("PUT", f"/clients/{own}", website(scope=f"openid {scope}"))
    assert raised.status_code == 200, raised.text
    for method, path, body in (("PUT", "", website()), ("POST", "/secret", None), ("POST", "/disable", None)):
        assert market.call(method, f"/clients/{own}{path}", body).status_code == 403
    offered = {"scopes": [scope], "grant_types": ["authorization_code"], "uses": 1, "valid_hours": 24}
    assert market.call("POST", "/clients/invitations", offered | {"organisation": MARKET}).status_code == 403


def test_m1_the_client_by_which_officers_act_is_not_led_elsewhere(provider: Provider, consoles: OPEN) -> None:
    """An address of their own, and a code comes with whatever office the person holds who is signed in already."""
    market = consoles("market")
    party = RelyingParty(provider, scope="openid governance", tongban_organisation=MARKET)
    shown = provider.administration.clients.show(party.id)
    sent = {name: value for name, value in shown.items() if name != "client_id"}
    for change in (
        {"redirect_uris": [CALLBACK, "https://mine.example/callback"]},
        {"jwks": {"keys": [key_pair()[1]]}},
        {"scope": "openid"},
        {"tongban_may_act": []},
    ):
        assert market.call("PUT", f"/clients/{party.id}", sent | change).status_code == 403
    assert provider.administration.clients.show(party.id) == shown


def test_m1_the_one_place_for_officers_is_not_taken_by_a_department(consoles: OPEN) -> None:
    """Clients with `governance` belong to one organisation: whose, the operator says (ADR 0038)."""
    assert consoles("market").call("POST", "/clients", website(scope="openid governance")).status_code == 403
    placed = consoles("system").call("POST", "/clients", website(URBAN, scope="openid governance"))
    assert placed.status_code == 201, placed.text


@pytest.mark.parametrize("scope", ["preview", "governance"])
def test_m1_nobody_is_invited_to_what_the_operator_alone_registers(consoles: OPEN, scope: str) -> None:
    offered = {"scopes": ["openid", scope], "grant_types": ["authorization_code"], "uses": 1, "valid_hours": 24}
    answer = consoles("system").call("POST", "/clients/invitations", offered | {"organisation": MARKET})
    assert answer.status_code == 422, answer.text


def test_people_are_found_by_exact_name_and_shown_without_numbers(consoles: OPEN) -> None:
    helpdesk = consoles("helpdesk")
    found = helpdesk.call("POST", "/people/search", {"username": "WANG"})
    assert found.status_code == 200, found.text
    assert set(found.json) == {
        "id", "username", "name", "kind", "assurance", "disabled", "organisation", "roles",
    }  # fmt: skip
    assert found.json["name"] is None
    assert "500199" not in found.text
    for asked in ("wan", "w%", "*", "王小明"):
        assert helpdesk.call("POST", "/people/search", {"username": asked}).status_code == 404
    market = consoles("market")
    assert market.call("POST", "/people/search", {"username": "wang"}).status_code == 404
    assert market.call("POST", "/people/search", {"username": "plain"}).status_code == 404
    assert market.call("POST", "/people/search", {"username": "clerk"}).json["organisation"] == MARKET


def test_disabling_ends_sessions_and_enabling_admits_again(provider: Provider, consoles: OPEN) -> None:
    security, wang = consoles("security"), person_id(provider, "wang")
    party = RelyingParty(provider)
    tokens = party.tokens()
    assert len(security.call("GET", f"/people/{wang}/sessions").json["sessions"]) == 1
    assert security.call("POST", f"/people/{wang}/disable").status_code == 204
    assert party.refresh(tokens["refresh_token"]).json["error"] == "invalid_grant"
    assert security.call("POST", f"/people/{wang}/disable").status_code == 422
    assert security.call("POST", f"/people/{wang}/enable").status_code == 204
    assert "code" in Browser(provider).walk(party.authorize_url())
    facts = provider.events("PersonEnabled")[0]["facts"]
    assert facts == {
        "person": wang, "actor": person_id(provider, "security"), "command": "people.enable",
    }  # fmt: skip


def test_a_department_does_not_admit_again_whom_security_disabled(provider: Provider, consoles: OPEN) -> None:
    security, market, clerk = consoles("security"), consoles("market"), person_id(provider, "clerk")
    at = f"/people/{clerk}"
    assert market.call("POST", f"{at}/disable").status_code == 204
    assert market.call("POST", f"{at}/enable").status_code == 204
    assert market.call("POST", f"{at}/disable").status_code == 204
    assert security.call("POST", f"{at}/disable").status_code == 204  # what a department did is made to last
    refused = market.call("POST", f"{at}/enable")
    assert refused.status_code == 422
    assert "安全管理员" in refused.json["detail"]
    assert not provider.database.write(lambda connection: people.enable(connection, clerk, everywhere=False))
    assert market.call("POST", f"{at}/disable").status_code == 422  # nor is it made the department's again
    assert market.call("GET", at).json["disabled"] is True
    assert security.call("POST", f"{at}/enable").status_code == 204
    assert market.call("GET", at).json["disabled"] is False


def test_a_department_reaches_no_administrator_who_works_in_it(provider: Provider, consoles: OPEN) -> None:
    market, security = consoles("market"), consoles("security")
    at = f"/people/{person_id(provider, 'system')}"
    for command in ("sessions/end", "disable"):
        assert market.call("POST", f"{at}/{command}").status_code == 403
    assert security.call("POST", f"{at}/disable").status_code == 204
    assert market.call("POST", f"{at}/enable").status_code == 403
    assert market.call("GET", at).json["disabled"] is True


def test_signing_somebody_out_everywhere(provider: Provider, consoles: OPEN) -> None:
    helpdesk, wang = consoles("helpdesk"), person_id(provider, "wang")
    party = RelyingParty(provider)
    tokens = party.tokens()
    before = consoles("system").call("GET", "/sessions").json["live"]
    assert helpdesk.call("POST", f"/people/{wang}/sessions/end").status_code == 204
    provider.settle()
    assert party.introspect(tokens["access_token"]) == {"active": False}
    assert consoles("system").call("GET", "/sessions").json["live"] == before - 1
    assert helpdesk.call("POST", f"/people/{person_id(provider, 'system')}/sessions/end").status_code == 403


def test_ordinary_offices_take_one_person_and_end_the_tokens_that_said_otherwise(
    provider: Provider, consoles: OPEN
) -> None:
    security, clerk = consoles("security"), person_id(provider, "clerk")
    answer = security.call("PUT", f"/people/{clerk}/roles", {"roles": ["window-clerk", "provider-officer"]})
    assert answer.status_code == 204, answer.text
    tokens = RelyingParty(provider).tokens(Browser(provider), acr_values=None)
    assert tokens
    party, browser = RelyingParty(provider), Browser(provider)
    back = browser.walk(party.authorize_url(), username="clerk")
    refresh = party.redeem(back["code"]).json["refresh_token"]
    assert security.call("PUT", f"/people/{clerk}/roles", {"roles": []}).status_code == 204
    assert party.refresh(refresh).json["error"] == "invalid_grant"
    assert [each["facts"]["after"] for each in provider.events("RolesChanged")] == [
        ["window-clerk", "provider-officer"], [],
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("actor", "whom", "roles", "status"),
    [
        ("security", "security", ["helpdesk"], 403),  # nobody changes their own
        ("market", "market", [], 403),
        ("market", "clerk", ["provider-officer"], 204),
        ("market", "clerk", ["helpdesk"], 403),  # reaches beyond the department
        ("market", "clerk", ["governance-approver"], 403),
        ("market", "clerk", ["department-administrator"], 403),
        ("market", "system", [], 403),
        ("market", "plain", ["window-clerk"], 404),  # another department's
        ("system", "clerk", ["helpdesk"], 403),
        ("audit", "clerk", ["helpdesk"], 403),
        ("helpdesk", "clerk", ["provider-officer"], 403),
        ("security", "clerk", ["king"], 422),
        ("security", "clerk", ["helpdesk", "helpdesk"], 422),
        ("security", "clerk", ["helpdesk", "auditor"], 422),
        ("security", "wang", ["helpdesk"], 422),  # no member of staff
        ("security", "clerk", ["security-administrator"], 202),
        ("security", "market", [], 202),
    ],
)
def test_who_may_give_which_office_to_whom(
    provider: Provider, consoles: OPEN, actor: str, whom: str, roles: list[str], status: int
) -> None:
    answer = consoles(actor).call("PUT", f"/people/{person_id(provider, whom)}/roles", {"roles": roles})
    assert answer.status_code == status, answer.text


@pytest.mark.parametrize("proposer", ["market", "security"])
def test_nobody_makes_a_clerk_alone(provider: Provider, consoles: OPEN, proposer: str) -> None:
    """ADR 0097: by a link or by a change of offices, a department's administrator or the platform's own."""
    one, officer = consoles(proposer), person_id(provider, "officer")
    wanted = {"roles": ["provider-officer", "window-clerk"], "organisation": MARKET}
    asked = [
        one.call("POST", "/people/invitations", wanted),
        one.call("PUT", f"/people/{officer}/roles", {"roles": ["window-clerk"]}),
    ]
    assert [answer.status_code for answer in asked] == [202, 202]
    assert "window-clerk" not in roles_of(provider, "officer")
    for answer, done in zip(asked, (200, 204), strict=True):
        proposed = answer.json["proposal"]
        at, decision = f"/proposals/{proposed['id']}/confirm", {"digest": proposed["digest"]}
        assert one.call("GET", f"/proposals/{proposed['id']}").json["outcome"] is None
        assert one.call("POST", at, decision).status_code == 403
        for other in ("urban", "clerk"):
            assert consoles(other).call("POST", at, decision).status_code == 404
        assert consoles("guard").call("POST", at, decision).status_code == done
    assert roles_of(provider, "officer") == ("window-clerk",)
    kept = {"roles": ["window-clerk", "provider-officer"]}
    assert one.call("PUT", f"/people/{officer}/roles", kept).status_code == 204  # held already
    assert one.call("PUT", f"/people/{officer}/roles", {"roles": []}).status_code == 204  # taking does not wait
    assert one.call("PUT", f"/people/{officer}/roles", kept).status_code == 202


@pytest.mark.parametrize("office", ["window-clerk", "audit-administrator", "auditor"])
def test_offices_are_for_staff_and_nobody_is_asked_to_confirm_another(
    provider: Provider, consoles: OPEN, office: str
) -> None:
    answer = consoles("security").call("PUT", f"/people/{person_id(provider, 'wang')}/roles", {"roles": [office]})
    assert answer.status_code == 422
    assert "只有工作人员" in answer.json["detail"]
    assert consoles("guard").call("GET", "/proposals").json["proposals"] == []


def test_what_a_department_asked_for_dies_when_its_administrator_moves(provider: Provider, consoles: OPEN) -> None:
    """M1: who asked has to reach it still, when it is carried out."""
    market = person_id(provider, "market")
    wanted = {"roles": ["window-clerk"], "organisation": MARKET}
    proposed = consoles("market").call("POST", "/people/invitations", wanted).json["proposal"]
    provider.database.write(
        lambda connection: connection.exec_driver_sql(
            f"UPDATE person SET organisation = '{URBAN}' WHERE id = '{market}'"
        )
    )
    decision = {"digest": proposed["digest"]}
    assert consoles("guard").call("POST", f"/proposals/{proposed['id']}/confirm", decision).status_code == 403


def proposal_to_promote(provider: Provider, consoles: OPEN) -> dict[str, Any]:
    clerk = person_id(provider, "clerk")
    answer = consoles("security").call("PUT", f"/people/{clerk}/roles", {"roles": ["audit-administrator"]})
    assert answer.status_code == 202, answer.text
    return dict(answer.json["proposal"])


def roles_of(provider: Provider, username: str) -> tuple[str, ...]:
    found = provider.administration.people.by_username(username)
    assert found is not None
    return found.roles


def test_an_administrator_is_made_by_two_persons(provider: Provider, consoles: OPEN) -> None:
    """Four eyes: the proposer cannot confirm, nor can whom it is about; somebody else can, once."""
    proposed = proposal_to_promote(provider, consoles)
    decision, at = {"digest": proposed["digest"]}, f"/proposals/{proposed['id']}"
    assert consoles("security").call("POST", f"{at}/confirm", decision).status_code == 403
    assert (
        consoles("clerk").call("POST", f"{at}/confirm", decision).status_code == 404
    )  # clerks see their own kind alone
    assert consoles("audit").call("POST", f"{at}/confirm", decision).status_code == 403
    assert consoles("guard").call("POST", f"{at}/confirm", {"digest": "0" * 64}).status_code == 422
    assert roles_of(provider, "clerk") == ("window-clerk",)
    assert consoles("guard").call("GET", at).json["facts"]["after"] == ["audit-administrator"]
    assert consoles("guard").call("POST", f"{at}/confirm", decision).status_code == 204
    assert roles_of(provider, "clerk") == ("audit-administrator",)
    assert consoles("system").call("POST", f"{at}/confirm", decision).status_code == 422
    [changed] = provider.events("RolesChanged")
    assert changed["facts"]["proposed_by"] == person_id(provider, "security")
    assert changed["facts"]["actor"] == person_id(provider, "guard")
    assert len(provider.events("ChangeProposed")) == 1


def test_a_proposal_is_confirmed_once_by_eight_at_once(either_provider: Provider) -> None:
    provider = either_provider
    appoint(provider, "security", "guard", "clerk")
    party = RelyingParty(provider, scope="openid admin")
    opened = {name: Console(provider, name, party) for name in ("security", "guard")}
    proposed = proposal_to_promote(provider, opened.__getitem__)
    guard, at = opened["guard"], f"/proposals/{proposed['id']}/confirm"
    with ThreadPoolExecutor(8) as pool:
        outcomes = list(
            pool.map(lambda _: guard.call("POST", at, {"digest": proposed["digest"]}).status_code, range(8))
        )
    assert sorted(outcomes) == [204, *[422] * 7]
    assert len(provider.events("RolesChanged")) == 1


def test_a_proposal_lapses_is_declined_and_dies_with_its_proposers_office(provider: Provider, consoles: OPEN) -> None:
    declined = proposal_to_promote(provider, consoles)
    at, decision = f"/proposals/{declined['id']}", {"digest": declined["digest"]}
    assert consoles("guard").call("POST", f"{at}/decline", decision).status_code == 204
    assert consoles("guard").call("POST", f"{at}/confirm", decision).status_code == 422

    orphan = proposal_to_promote(provider, consoles)
    provider.administration.people.disable("security")
    at, decision = f"/proposals/{orphan['id']}", {"digest": orphan["digest"]}
    assert consoles("guard").call("POST", f"{at}/confirm", decision).status_code == 403
    assert roles_of(provider, "clerk") == ("window-clerk",)


def test_M1_a_proposal_dies_when_its_proposers_office_reaches_less_far(provider: Provider, consoles: OPEN) -> None:
    """A department's administrator may give and take offices, too, but no administrator's."""
    proposed = proposal_to_promote(provider, consoles)
    before, after = ("security-administrator",), ("department-administrator",)
    security = person_id(provider, "security")
    assert provider.database.write(lambda connection: people.change_roles(connection, security, before, after))
    decision = {"digest": proposed["digest"]}
    assert consoles("guard").call("POST", f"/proposals/{proposed['id']}/confirm", decision).status_code == 403
    assert roles_of(provider, "clerk") == ("window-clerk",)


def test_a_lapsed_proposal_changes_nothing(provider: Provider, consoles: OPEN) -> None:
    proposed = proposal_to_promote(provider, consoles)
    provider.clock.advance(72 * 3600)
    late = Console(provider, "guard", consoles("security").party)
    answer = late.call("POST", f"/proposals/{proposed['id']}/confirm", {"digest": proposed["digest"]})
    assert answer.status_code == 422
    assert roles_of(provider, "clerk") == ("window-clerk",)


def test_whoever_guards_the_others_is_disabled_by_two(provider: Provider, consoles: OPEN) -> None:
    guard = person_id(provider, "guard")
    answer = consoles("security").call("POST", f"/people/{guard}/disable")
    assert answer.status_code == 202
    proposed = answer.json["proposal"]
    at, decision = f"/proposals/{proposed['id']}/confirm", {"digest": proposed["digest"]}
    assert consoles("guard").call("POST", at, decision).status_code == 403  # whom it is about
    assert consoles("system").call("POST", at, decision).status_code == 204
    assert consoles("guard").call("GET", "/keys").status_code == 401


def test_a_key_is_ended_by_two_and_rotated_by_one(provider: Provider, consoles: OPEN) -> None:
    system = consoles("system")
    rotated = system.call("POST", "/keys/rotate", {"purpose": "jws"})
    assert rotated.status_code == 201, rotated.text
    kid = rotated.json["kid"]
    assert kid in {each["kid"] for each in consoles("audit").call("GET", "/keys").json["keys"]}
    assert system.call("POST", "/keys/rotate", {"purpose": "kek"}).status_code == 422
    assert system.call("POST", "/keys/unknown/revoke").status_code == 404
    answer = system.call("POST", f"/keys/{kid}/revoke")
    assert answer.status_code == 202
    proposed = answer.json["proposal"]
    at, decision = f"/proposals/{proposed['id']}/confirm", {"digest": proposed["digest"]}
    assert system.call("POST", at, decision).status_code == 403
    assert consoles("security").call("POST", at, decision).status_code == 204
    states = {each["kid"]: each for each in system.call("GET", "/keys").json["keys"]}
    assert states[kid]["revoked_at"] is not None
    assert provider.events("KeyRevocationOrdered")[0]["facts"]["proposed_by"] == person_id(provider, "system")


def test_the_first_administrator_fills_the_two_other_offices_once(provider: Provider) -> None:
    appoint(provider, "system")
    system = Console(provider, "system")
    for role in ("security-administrator", "audit-administrator"):
        answer = system.call("POST", "/people/invitations", {"roles": [role], "organisation": MARKET})
        assert answer.status_code == 201, answer.text
        assert "/enrol/" in answer.json["link"]
    for roles, status in (
        (["helpdesk"], 403), (["security-administrator", "audit-administrator"], 422), (["auditor"], 403),
        (["department-administrator"], 202), (["system-administrator"], 202),
    ):  # fmt: skip
        answer = system.call("POST", "/people/invitations", {"roles": roles, "organisation": MARKET})
        assert answer.status_code == status, answer.text
    appoint(provider, "security")
    answer = system.call("POST", "/people/invitations", {"roles": ["security-administrator"], "organisation": MARKET})
    assert answer.status_code == 202


def test_an_initial_access_token_takes_two_and_registers_within_its_terms(provider: Provider, consoles: OPEN) -> None:
    """RFC 7591 §1.2: whoever holds one registers clients by themselves."""
    body = {
        "organisation": URBAN, "scopes": ["openid"], "grant_types": ["authorization_code"], "uses": 1, "valid_hours": 1,
    }  # fmt: skip
    assert consoles("market").call("POST", "/clients/invitations", body).status_code == 403
    for change in (
        {"organisation": "x"},
        {"scopes": ["everything"]},
        {"uses": 0},
        {"uses": "1"},
        {"valid_hours": 9999},
    ):
        refused = consoles("system").call("POST", "/clients/invitations", body | change)
        assert refused.status_code == 422, (change, refused.text)
    proposed = consoles("system").call("POST", "/clients/invitations", body).json["proposal"]
    at, decision = f"/proposals/{proposed['id']}/confirm", {"digest": proposed["digest"]}
    assert consoles("system").call("POST", at, decision).status_code == 403
    answer = consoles("security").call("POST", at, decision)
    assert answer.status_code == 200, answer.text
    secret = answer.json["initial_access_token"]
    assert secret not in repr(provider.events())
    made = consoles("system").party.http.post(
        "/register",
        json={"client_name": "Site", "redirect_uris": [CALLBACK], "scope": "openid"},
        headers={"Authorization": f"Bearer {secret}"},
        base_url=ISSUER,
    )
    assert made.status_code == 201, made.text
    [invited] = provider.events("ClientInvited")
    assert invited["facts"]["proposed_by"] == person_id(provider, "system")


def test_an_administrator_invited_by_two_gets_a_link(provider: Provider, consoles: OPEN) -> None:
    body = {"roles": ["department-administrator"], "organisation": URBAN}
    proposed = consoles("security").call("POST", "/people/invitations", body).json["proposal"]
    at = f"/proposals/{proposed['id']}/confirm"
    answer = consoles("system").call("POST", at, {"digest": proposed["digest"]})
    assert answer.status_code == 200, answer.text
    page = Browser(provider).get(answer.json["link"])
    assert "部门管理员" in page.text


@pytest.mark.parametrize("name", ["system", "security", "market"])
def test_nobody_is_invited_to_no_office(provider: Provider, consoles: OPEN, name: str) -> None:
    body = {"roles": [], "organisation": MARKET}
    answer = consoles(name).call("POST", "/people/invitations", body, **{"Accept-Language": "en"})
    assert answer.status_code == 422, answer.text
    assert "at least one office" in answer.json["detail"]
    assert provider.events("StaffInvited") == provider.events("ChangeProposed") == []


def test_the_system_administrator_reads_no_events_and_nobody_deletes_them(consoles: OPEN) -> None:
    """Whoever runs the system has no say over what is known of how it is run."""
    for name in ("system", "security", "market", "helpdesk", "clerk"):
        assert consoles(name).call("GET", "/events").status_code == 403
    for method in ("DELETE", "PUT", "POST", "PATCH"):
        assert consoles("audit").call(method, "/events").status_code == 405


def test_auditors_page_through_events_without_personal_data(provider: Provider, consoles: OPEN) -> None:
    audit = consoles("audit")
    seen, before = [], ""
    while before is not None:
        page = audit.call("GET", f"/events?before={before}" if before else "/events").json
        assert len(page["events"]) <= 50
        seen += page["events"]
        before = page["before"]
    assert [each["index"] for each in seen] == [*range(seen[0]["index"], -1, -1)]
    assert all(set(each) == {"index", "at", "event", "facts"} for each in seen)
    for personal in ("王小明", "500199", "wang", "职员"):
        assert personal not in repr(seen)
    added = audit.call("GET", "/events?event=PersonAdded").json["events"]
    assert {each["event"] for each in added} == {"PersonAdded"}
    wang = person_id(provider, "wang")
    assert [each["facts"]["person"] for each in audit.call("GET", f"/events?person={wang}").json["events"]] == [wang]
    assert audit.call("GET", "/events?before=x").status_code == 400


def test_rules_say_what_is_in_force_and_where_it_comes_from(consoles: OPEN) -> None:
    listed = {each["name"]: each for each in consoles("security").call("GET", "/policies").json["policies"]}
    assert listed["session_hours"]["value"] == "12"
    assert "idp.session_hours" in listed["session_hours"]["source"]


def test_departments_are_added_by_the_system_administrator(consoles: OPEN) -> None:
    code, body = credit_code(321), {"name": {"zh": "民政局", "en": "Civil affairs"}}
    assert consoles("market").call("PUT", f"/organisations/{code}", body).status_code == 403
    assert consoles("system").call("PUT", f"/organisations/{code}", body).status_code == 204
    assert consoles("system").call("PUT", "/organisations/123", body).status_code == 422
    codes = {each["code"] for each in consoles("helpdesk").call("GET", "/organisations").json["organisations"]}
    assert code in codes


# The door -------------------------------------------------------------------------------------------------------------


def test_the_door_takes_a_bound_token_of_level_three_and_scope_admin(provider: Provider) -> None:
    appoint(provider, "system")
    party = RelyingParty(provider, scope="openid profile admin")
    good = Console(provider, "system", party)
    assert good.call("GET", "/clients").status_code == 200
    anonymous = party.http.get("/admin/api/v1/clients")
    assert (anonymous.status_code, anonymous.mimetype) == (401, "application/problem+json")
    assert anonymous.json["code"] == "token.refused"
    assert "DPoP" in ",".join(anonymous.headers.getlist("WWW-Authenticate"))
    bearer = party.http.get("/admin/api/v1/clients", headers={"Authorization": f"Bearer {good.token}"})
    assert bearer.status_code == 401  # D3
    proof = good.key.proof("GET", f"{ISSUER}/admin/api/v1/keys", good.token)
    stolen = {"Authorization": f"DPoP {good.token}", "DPoP": proof}
    assert party.http.get("/admin/api/v1/clients", headers=stolen).status_code == 401  # D2: another address
    assert party.http.get("/admin/api/v1/keys", headers=stolen, base_url=ISSUER).status_code == 200
    assert party.http.get("/admin/api/v1/keys", headers=stolen, base_url=ISSUER).status_code == 401  # D1
    weak = Console(provider, "system", party, acr_values=None)
    refused = weak.call("GET", "/clients")
    assert refused.status_code == 401
    assert "insufficient_user_authentication" in ",".join(refused.headers.getlist("WWW-Authenticate"))  # RFC 9470
    other = Console(provider, "system", party, scope="openid profile").call("GET", "/clients")
    assert (other.status_code, other.json["code"]) == (403, "token.insufficient-scope")  # RFC 6750 §3.1
    assert other.headers.getlist("WWW-Authenticate")[1].startswith('DPoP error="insufficient_scope", scope="admin",')


def test_staff_without_an_office_and_citizens_get_nothing(provider: Provider) -> None:
    appoint(provider, "plain")
    for name in ("plain", "wang"):
        console = Console(provider, name)
        for path in ("/clients", "/keys", "/policies", "/events", "/proposals", "/organisations", "/sessions"):
            assert console.call("GET", path).status_code == 403, path


def test_rights_are_those_of_this_moment_not_of_the_token(provider: Provider, consoles: OPEN) -> None:
    market = consoles("market")
    assert market.call("GET", "/clients").status_code == 200
    register = provider.administration.people
    act = register.changing_roles(person_id(provider, "market"), ("department-administrator",), ("window-clerk",))
    register.records.make(act.name, act.facts, act.change)
    assert market.call("GET", "/clients").status_code in (401, 403)


@pytest.mark.parametrize(
    ("method", "path", "body"),
    [
        ("POST", "/clients", []), ("POST", "/clients", "x"), ("POST", "/clients", {"client_name": {"a": []}}),
        ("POST", "/clients", {**website(), "disabled": True}), ("PUT", "/organisations/x", {"name": "y"}),
        ("PUT", "/organisations/x", {"name": {"zh": "y", "en": "y", "code": "z"}}),
        ("POST", "/people/search", {"username": ["wang"]}), ("POST", "/people/search", {"username": {"$ne": ""}}),
        ("PUT", "/people/per_x/roles", {"roles": "auditor"}), ("PUT", "/people/per_x/roles", {"roles": [], "x": 1}),
        ("POST", "/people/invitations", {"roles": []}), ("POST", "/proposals/x/confirm", {}),
        ("POST", "/keys/rotate", {"purpose": "nonsense"}), ("POST", "/keys/rotate", {"purpose": 1}),
    ],
)  # fmt: skip
def test_bad_bodies_are_problems(provider: Provider, method: str, path: str, body: Any) -> None:
    """M3: unknown members are refused, and nothing of what was sent comes back."""
    appoint(provider, "system")
    answer = Console(provider, "system").call(method, path, body)
    assert 400 <= answer.status_code < 500, answer.text
    assert answer.mimetype == "application/problem+json"


def test_the_api_is_described(provider: Provider) -> None:
    from werkzeug.test import Client

    document = Client(provider.app).get("/openapi.json").json
    paths = [path for path in document["paths"] if path.startswith("/admin/api/v1/")]
    assert len(paths) > 20
    assert "AdminRoles" in document["components"]["schemas"]


KEYS = {"jwks": {"keys": [key_pair()[1]]}}


def test_changing_to_keys_drops_the_secret(provider: Provider, consoles: OPEN) -> None:
    system = consoles("system")
    client = system.call("POST", "/clients", website()).json["client_id"]
    by_key = website(token_endpoint_auth_method="private_key_jwt", **KEYS)
    assert system.call("PUT", f"/clients/{client}", by_key).status_code == 200
    assert system.call("POST", f"/clients/{client}/secret").status_code == 422
    again = system.call("PUT", f"/clients/{client}", website())
    assert again.json["client_secret"]
    assert provider.events("ClientUpdated")
