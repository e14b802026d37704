"""Clients that register and manage themselves: RFC 7591, RFC 7592, and M1 at both doors."""

from __future__ import annotations

import threading
from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import pytest
from werkzeug.test import Client, TestResponse

from idp.administration import AdministrationError
from idp.clients import registered
from idp.clients.self_registration import SelfRegistration
from idp.model.invitation import Terms
from idp.model.secret import hashed
from idp.store import invitations
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import ISSUER, MARKET, SERVICE_ITEM, URBAN, Provider, credit_code
from tests.doubles.kept import kept
from tests.doubles.relying_party import CALLBACK, RelyingParty, key_pair
from tests.doubles.self_registered import SelfRegistered

SCOPES = frozenset({"openid", "profile"})
GRANTS = frozenset({"authorization_code", "refresh_token"})
WEBSITE: dict[str, Any] = {"client_name": "Website", "redirect_uris": [CALLBACK]}


def invited(provider: Provider, **changes: Any) -> str:
    terms = Terms(
        changes.pop("organisation", MARKET),
        changes.pop("scopes", SCOPES),
        changes.pop("grant_types", GRANTS),
        changes.pop("fixed", {}),
    )
    return str(provider.administration.clients.invite(terms, **changes)["initial_access_token"])


def call(provider: Provider, method: str, path: str, token: str | None, body: Any = None) -> TestResponse:
    headers = {} if token is None else {"Authorization": f"Bearer {token}"}
    return Client(provider.app).open(path, method=method, json=body, headers=headers, base_url=ISSUER)


def register(provider: Provider, token: str | None, **metadata: Any) -> TestResponse:
    return call(provider, "POST", "/register", token, {**WEBSITE, **metadata})


class Registered:
    """A client that registered itself, with whatever token it holds now."""

    def __init__(self, provider: Provider, token: str | None = None, **metadata: Any) -> None:
        answer = register(provider, token or invited(provider), **metadata)
        assert answer.status_code == 201, answer.text
        self._know(provider, answer.json)

    @classmethod
    def again(cls, provider: Provider, shown: Mapping[str, Any]) -> Registered:
        """One that registered before."""
        known = cls.__new__(cls)
        known._know(provider, shown)
        return known

    def _know(self, provider: Provider, shown: Mapping[str, Any]) -> None:
        self.provider = provider
        self.shown: dict[str, Any] = dict(shown)
        self.path = self.shown["registration_client_uri"].removeprefix(ISSUER)
        self.token = self.shown["registration_access_token"]

    def call(self, method: str, body: Any = None) -> TestResponse:
        return call(self.provider, method, self.path, self.token, body)

    def body(self, **changes: Any) -> dict[str, Any]:
        """Everything that was shown, as RFC 7592 §2.2 wants it back, but for what it forbids."""
        forbidden = ("registration_access_token", "registration_client_uri", "client_secret_expires_at")
        kept = {name: value for name, value in self.shown.items() if name not in (*forbidden, "client_id_issued_at")}
        return {name: value for name, value in (kept | changes).items() if value is not None}


def test_M1_a_client_does_not_take_back_what_an_operator_took(either_provider: Provider) -> None:
    """RFC 7592 §2.2; the operator's word is the last, not that of the invitation."""
    provider = either_provider
    client = Registered(provider, grant_types=sorted(GRANTS))
    before, clients = client.body(), provider.administration.clients
    shown = clients.show(client.shown["client_id"])
    left = {"scope": "openid", "grant_types": ["authorization_code"], "tongban_profile": "baseline"}
    clients.update(client.shown["client_id"], shown | left)
    for taken in ({}, {"scope": "openid"}, {"grant_types": ["authorization_code"]}):
        assert client.call("PUT", before | taken).json["error"] == "invalid_client_metadata"
    answer = client.call("PUT", {name: before[name] for name in ("client_id", "client_name", "redirect_uris")})
    assert answer.status_code == 200, answer.text
    assert clients.show(client.shown["client_id"]).items() >= left.items()


@pytest.mark.parametrize("scope", ["governance", "preview"])
def test_m1_a_client_does_not_lead_elsewhere_what_the_operator_alone_registers(provider: Provider, scope: str) -> None:
    """RFC 7592 §2.2, of a client that managed itself and was given more: its token changes nothing of it any more."""
    client, clients = Registered(provider), provider.administration.clients
    shown = clients.show(client.shown["client_id"])
    given = clients.update(client.shown["client_id"], shown | {"scope": f"openid {scope}"})
    client.shown = dict(client.call("GET").json)
    for change in ({}, {"redirect_uris": ["https://mine.example/callback"]}):
        assert client.call("PUT", client.body(**change)).json["error"] == "invalid_client_metadata"
    assert clients.show(client.shown["client_id"]) == given


def test_what_an_operator_gave_a_client_stays_when_it_changes_itself(provider: Provider) -> None:
    client, clients = Registered(provider), provider.administration.clients
    given = {"tongban_service_items": [SERVICE_ITEM]}
    clients.update(client.shown["client_id"], clients.show(client.shown["client_id"]) | given)
    client.shown = dict(client.call("GET").json)
    answer = client.call("PUT", client.body(client_name="Another"))
    assert (answer.status_code, answer.json["tongban_service_items"]) == (200, [SERVICE_ITEM])


def test_M1_a_change_held_to_older_terms_is_not_made(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """The operator was faster: between what was looked at and what is written."""
    client, clients = Registered(provider), provider.administration.clients
    shown = clients.show(client.shown["client_id"])
    admitted = SelfRegistration._admitted

    def slowly(*given: Any) -> dict[str, Any]:
        found = admitted(*given)
        clients.update(client.shown["client_id"], shown | {"scope": "openid"})
        return found

    monkeypatch.setattr(SelfRegistration, "_admitted", slowly)
    assert client.call("PUT", client.body()).status_code == 401
    assert clients.show(client.shown["client_id"])["scope"] == "openid"


def test_registration_answers_with_what_was_registered(either_provider: Provider) -> None:
    """RFC 7591 §3.2.1, RFC 7592 §3."""
    provider = either_provider
    client = Registered(provider, software_id="4NRB1", software_version="2.2", tos_uri="https://market.example/terms")
    shown = client.shown
    assert shown["client_id"].startswith("client_")
    assert shown["client_secret"]
    assert (shown["client_secret_expires_at"], shown["tongban_organisation"]) == (0, MARKET)
    assert (shown["software_id"], shown["software_version"]) == ("4NRB1", "2.2")
    assert set(shown["scope"].split()) == SCOPES
    assert shown["client_id_issued_at"] == int(provider.clock.now().timestamp())
    [event] = provider.events("ClientRegistered")
    assert event["facts"] == {
        "client": shown["client_id"],
        "invitation": provider.events("ClientInvited")[0]["facts"]["invitation"],
        "organisation": MARKET,
        "actor": shown["client_id"],
        "command": "own-registration",
    }


def test_a_registered_client_signs_people_in(provider: Provider, browser: Browser) -> None:
    key, public = key_pair()
    client = Registered(provider, token_endpoint_auth_method="private_key_jwt", jwks={"keys": [public]})
    party = RelyingParty(provider)
    party.id, party.key = client.shown["client_id"], key
    assert party.tokens(browser)["id_token"]


def test_the_invitation_is_used_as_often_as_it_says(either_provider: Provider) -> None:
    provider, token = either_provider, invited(either_provider, uses=2)
    statuses: list[int] = []
    threads = [
        threading.Thread(target=lambda: statuses.append(register(provider, token).status_code)) for _ in range(8)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(statuses) == [201, 201] + [401] * 6
    assert len(provider.events("ClientRegistered")) == 2


def test_an_operator_sees_invitations_and_takes_them_back(provider: Provider) -> None:
    clients, token = provider.administration.clients, invited(provider, uses=2)
    Registered(provider, token)
    [shown] = clients.invitations()
    assert (shown["organisation"], shown["uses_left"]) == (MARKET, 1)
    assert token not in str(shown)
    clients.withdraw_invitation(str(shown["invitation"]))
    assert register(provider, token).status_code == 401
    assert clients.invitations() == []
    assert len(provider.events("ClientInvitationWithdrawn")) == 1
    with pytest.raises(AdministrationError):
        clients.withdraw_invitation(str(shown["invitation"]))


def test_a_refused_registration_leaves_the_invitation_good(provider: Provider) -> None:
    token = invited(provider)
    assert register(provider, token, scope="governance").status_code == 400
    assert register(provider, token).status_code == 201


def test_an_invitation_expires(provider: Provider) -> None:
    token = invited(provider, valid_for=timedelta(hours=1))
    provider.clock.advance(3600)
    assert register(provider, token).status_code == 401
    now = provider.clock.now()  # nor does it expire between the look and the use
    assert not provider.database.write(lambda connection: invitations.spend(connection, hashed(token), now))


@pytest.mark.parametrize("token", [None, "", "invented"])
def test_nobody_registers_without_an_invitation(provider: Provider, token: str | None) -> None:
    answer = register(provider, token)
    assert answer.status_code == 401
    assert answer.json["error"] == "invalid_token"
    assert answer.headers["WWW-Authenticate"].startswith("Bearer")


def test_only_the_hash_of_tokens_is_kept(provider: Provider) -> None:
    token = invited(provider)
    client = Registered(provider, token)
    rows = kept(provider.database, "invitation", "client", "client_management")
    assert token not in rows
    assert client.token not in rows
    assert client.shown["client_secret"] not in rows


BEYOND: list[dict[str, Any]] = [
    {"scope": "openid governance"},
    {"scope": 7},
    {"grant_types": ["authorization_code", "client_credentials"]},
    {"grant_types": "authorization_code"},
    {"tongban_organisation": URBAN},
    {"tongban_service_items": [SERVICE_ITEM]},
    {"tongban_disabled": False},
    {"tongban_profile": "baseline"},
]


@pytest.mark.parametrize("change", BEYOND)
def test_m1_a_client_cannot_raise_its_rights_at_registration(provider: Provider, change: dict[str, Any]) -> None:
    answer = register(provider, invited(provider), **change)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")
    assert provider.administration.clients.every() == []


@pytest.mark.parametrize("change", BEYOND)
def test_m1_a_client_cannot_raise_its_rights_by_an_update(provider: Provider, change: dict[str, Any]) -> None:
    client = Registered(provider)
    answer = client.call("PUT", client.body(**change))
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")
    assert client.call("GET").status_code == 200
    assert provider.events("ClientUpdated") == []


def test_m1_what_the_operator_fixed_stays(provider: Provider) -> None:
    fixed = {"dpop_bound_access_tokens": True, "tongban_service_items": [SERVICE_ITEM]}
    client = Registered(provider, invited(provider, fixed=fixed))
    assert client.shown["dpop_bound_access_tokens"] is True
    assert client.call("PUT", client.body(dpop_bound_access_tokens=False)).status_code == 400
    without = client.body(dpop_bound_access_tokens=None, tongban_service_items=None, tongban_organisation=None)
    answer = client.call("PUT", without)
    assert answer.status_code == 200
    assert answer.json["dpop_bound_access_tokens"] is True
    assert answer.json["tongban_service_items"] == [SERVICE_ITEM]


def test_m1_a_client_cannot_leave_the_profile_it_was_invited_to(provider: Provider) -> None:
    token = invited(provider, fixed={"tongban_profile": "fapi2"})
    key = {"token_endpoint_auth_method": "private_key_jwt", "jwks": {"keys": [key_pair()[1]]}}
    assert register(provider, token).status_code == 400  # by secret, which the profile excludes
    client = Registered(provider, token, **key)
    assert client.shown["require_pushed_authorization_requests"] is True
    for change in ({"tongban_profile": "baseline"}, {"require_pushed_authorization_requests": False}):
        assert client.call("PUT", client.body(**change)).status_code == 400


@pytest.mark.parametrize(
    ("change", "error"),
    [
        ({"redirect_uris": ["http://market.example/cb"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://market.example/cb#x"]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://["]}, "invalid_redirect_uri"),
        ({"redirect_uris": ["https://market.example\\@evil.example/"]}, "invalid_redirect_uri"),
        ({"redirect_uris": []}, "invalid_client_metadata"),
        ({"client_id": "chosen"}, "invalid_client_metadata"),
        ({"client_secret": "chosen"}, "invalid_client_metadata"),
        ({"registration_access_token": "chosen"}, "invalid_client_metadata"),
        ({"subject_type": "public"}, "invalid_client_metadata"),
        ({"jwks": {"keys": [key_pair()[1]]}, "jwks_uri": "https://market.example/jwks"}, "invalid_client_metadata"),
        ({"jwks_uri": "file:///etc/passwd"}, "invalid_client_metadata"),
        ({"jwks_uri": ["https://market.example/jwks"]}, "invalid_client_metadata"),
        ({"backchannel_logout_uri": "http://10.0.0.1/out"}, "invalid_client_metadata"),
        ({"backchannel_logout_session_required": "yes"}, "invalid_client_metadata"),
        ({"software_id": 7}, "invalid_client_metadata"),
        ({"token_endpoint_auth_method": "private_key_jwt"}, "invalid_client_metadata"),
        ({"client_name": ""}, "invalid_client_metadata"),
        ({"client_name": "Bank \u202egnp.exe"}, "invalid_client_metadata"),
    ],
)
def test_bad_metadata_have_their_registered_error(provider: Provider, change: dict[str, Any], error: str) -> None:
    """RFC 7591 §3.2.2."""
    answer = register(provider, invited(provider), **change)
    assert (answer.status_code, answer.json["error"]) == (400, error), answer.text


@pytest.mark.parametrize("body", [b"", b"[]", b"{", b'"x"', b'{"client_name":1,"client_name":2}', b"\xff"])
def test_what_is_no_json_object_is_refused(provider: Provider, body: bytes) -> None:
    headers = {"Authorization": f"Bearer {invited(provider)}", "Content-Type": "application/json"}
    answer = Client(provider.app).post("/register", data=body, headers=headers, base_url=ISSUER)
    assert (answer.status_code, answer.json["error"]) == (400, "invalid_client_metadata")


def test_metadata_nobody_understands_are_left_out(provider: Provider) -> None:
    """RFC 7591 §2."""
    client = Registered(provider, favourite_colour="red", logo_uri="https://market.example/logo.png")
    assert not client.shown.keys() & {"favourite_colour", "logo_uri"}


def test_reading_shows_the_registration_and_keeps_the_token(provider: Provider) -> None:
    """RFC 7592 §2.1."""
    client = Registered(provider)
    shown = client.call("GET").json
    assert shown["registration_access_token"] == client.token
    assert "client_secret" not in shown
    assert {name: shown[name] for name in WEBSITE} == WEBSITE


def test_an_update_replaces_metadata_and_token(provider: Provider) -> None:
    """RFC 7592 §2.2; the old token is of no use any more."""
    client = Registered(provider, software_version="1")
    answer = client.call("PUT", client.body(client_name="Other", software_version=None))
    assert answer.status_code == 200
    assert answer.json["client_name"] == "Other"
    assert "software_version" not in answer.json
    assert answer.json["registration_access_token"] != client.token
    assert client.call("GET").status_code == 401
    client.token = answer.json["registration_access_token"]
    assert client.call("GET").json["client_name"] == "Other"
    [event] = provider.events("ClientUpdated")
    assert event["facts"]["members"] == ["client_name", "software_version"]


def test_a_member_that_is_null_is_left_out(provider: Provider) -> None:
    """RFC 7592 §2.2: null and left out are one thing, and delete what was there; so they are at registration."""
    nothing = dict.fromkeys(("jwks_uri", "logo_uri", "software_statement", "contacts", "client_secret"))
    client = Registered(provider, tos_uri="https://market.example/terms", **nothing)
    assert client.shown["tos_uri"] == "https://market.example/terms"
    answer = client.call("PUT", {**client.body(), **nothing, "tos_uri": None})
    assert answer.status_code == 200, answer.text
    assert not answer.json.keys() & {"tos_uri", *nothing}
    client.token = answer.json["registration_access_token"]
    for wrong in ({"client_id": None}, {"client_name": None}):  # what is needed is missed as if it was left out
        assert client.call("PUT", {**client.body(), **wrong}).json["error"] == "invalid_client_metadata"


def test_a_secret_survives_an_update_and_a_change_of_method_gives_or_takes_one(provider: Provider) -> None:
    client = Registered(provider)
    kept = client.call("PUT", client.body()).json
    assert "client_secret" not in kept
    client.token = kept["registration_access_token"]
    public = key_pair()[1]
    by_key = client.body(token_endpoint_auth_method="private_key_jwt", jwks={"keys": [public]}, client_secret=None)
    answer = client.call("PUT", by_key)
    assert answer.status_code == 200
    client.token = answer.json["registration_access_token"]
    back = client.call("PUT", client.body(client_secret=None)).json
    assert back["client_secret"] not in (None, client.shown["client_secret"])


def test_a_secret_rotated_during_an_update_stands(provider: Provider, monkeypatch: pytest.MonkeyPatch) -> None:
    """By either door: what an update read of the client before is not written back, or the old secret would work."""
    party = SelfRegistered(provider, token_endpoint_auth_method="client_secret_basic", jwks=None)
    client, clients = Registered.again(provider, party.registered), provider.administration.clients
    doors: list[Callable[[], Mapping[str, Any]]] = [
        lambda: client.call("PUT", client.body(client_name="Other")).json,
        lambda: clients.update(party.id, clients.show(party.id)),
    ]
    making, rotated = registered.made, list[str]()

    def overtaken(*given: Any) -> Any:
        rotated.append(clients.rotate_secret(party.id)["client_secret"])
        return making(*given)

    monkeypatch.setattr(registered, "made", overtaken)
    for update in doors:
        before = party.secret
        assert "client_secret" not in update()
        provider.settle()
        for secret, error in ((before, "invalid_client"), (rotated[-1], "invalid_grant")):
            party.secret = secret
            assert party.refresh("unknown").json["error"] == error


@pytest.mark.parametrize("change", [{"client_id": None}, {"client_id": "another"}, {"client_secret": "invented"}])
def test_an_update_names_the_client_itself(provider: Provider, change: dict[str, Any]) -> None:
    client = Registered(provider)
    assert client.call("PUT", client.body(**change)).status_code == 400


def test_a_withdrawn_client_is_refused_everywhere(provider: Provider) -> None:
    """RFC 7592 §2.3."""
    client = Registered(provider)
    assert client.call("DELETE").status_code == 204
    assert client.call("GET").status_code == 401
    assert client.call("DELETE").status_code == 401
    page = Client(provider.app).get(f"/authorize?client_id={client.shown['client_id']}", base_url=ISSUER)
    assert page.status_code == 400
    assert [event["facts"]["client"] for event in provider.events("ClientWithdrawn")] == [client.shown["client_id"]]


def test_one_client_cannot_manage_another(provider: Provider) -> None:
    one, other = Registered(provider), Registered(provider)
    for method, body in (("GET", None), ("PUT", one.body()), ("DELETE", None)):
        assert call(provider, method, one.path, other.token, body).status_code == 401


def test_a_client_the_operator_added_does_not_manage_itself(provider: Provider) -> None:
    party = RelyingParty(provider)
    assert call(provider, "GET", f"/register/{party.id}", "anything").status_code == 401


def test_a_client_that_was_disabled_cannot_manage_itself(provider: Provider) -> None:
    client = Registered(provider)
    provider.administration.clients.disable(client.shown["client_id"])
    assert client.call("GET").status_code == 401
    assert client.call("PUT", client.body()).status_code == 401


@pytest.mark.parametrize(
    "change",
    [
        {"organisation": credit_code(999)},
        {"scopes": frozenset({"everything"})},
        {"grant_types": frozenset({"password"})},
        {"grant_types": frozenset()},
        {"uses": 0},
        {"uses": 101},
        {"valid_for": timedelta(0)},
        {"valid_for": timedelta(days=91)},
        {"fixed": {"favourite_colour": "red"}},
    ],
)
def test_an_invitation_nobody_could_use_is_not_made(provider: Provider, change: dict[str, Any]) -> None:
    with pytest.raises(AdministrationError):
        invited(provider, **change)
    assert provider.events("ClientInvited") == []
