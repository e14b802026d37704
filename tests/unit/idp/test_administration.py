"""Operators' commands: what may be registered, what is refused and why, and that nothing secret stays behind."""

from __future__ import annotations

from typing import Any

import pytest

from idp.administration import Administration, AdministrationError
from idp.model.client import GrantType
from idp.model.invitation import Terms
from idp.model.person import NewPerson, PersonKind
from kernel import migrations
from kernel.clock import SystemClock
from kernel.entropy import SystemEntropy
from kernel.identifiers.subject import SubjectRef
from kernel.keys import KeyRing
from kernel.settings import IdpSettings
from kernel.text import Text
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import LI, MARKET, PASSWORD, TOTP_SECRET, URBAN, Provider, citizen, credit_code
from tests.doubles.relying_party import CALLBACK, RelyingParty, key_pair

KEY = {name: value for name, value in key_pair()[1].items() if name in ("kty", "crv", "x", "y")}
GOOD: dict[str, Any] = {
    "client_name": "Website",
    "redirect_uris": [CALLBACK],
    "tongban_organisation": MARKET,
    "token_endpoint_auth_method": "private_key_jwt",
    "jwks": {"keys": [KEY]},
}


def test_a_registered_client_is_shown_as_rfc_7591_says(provider: Provider) -> None:
    shown = provider.administration.clients.add({**GOOD, "client_id": "market-website"})
    assert shown["client_id"] == "market-website"
    assert shown["grant_types"] == ["authorization_code"]
    assert "client_secret" not in shown
    assert shown["jwks"]["keys"][0]["alg"] == "ES256"  # written down, so that a header never chooses it
    by_secret = provider.administration.clients.add(
        {name: value for name, value in GOOD.items() if name not in ("jwks", "token_endpoint_auth_method")}
    )
    assert by_secret["token_endpoint_auth_method"] == "client_secret_basic"
    assert by_secret["client_secret_expires_at"] == 0
    assert by_secret["client_id"].startswith("client_")
    assert [event["facts"]["client"] for event in provider.events("ClientRegistered")] == [
        "market-website",
        by_secret["client_id"],
    ]
    assert {each["client_id"] for each in provider.administration.clients.every()} == {
        "market-website",
        by_secret["client_id"],
    }


PRIVATE = {**KEY, "d": "AAAA"}
RSA = {"kty": "RSA", "n": "AQAB", "e": "AQAB", "alg": "RS256"}


@pytest.mark.parametrize(
    "change",
    [
        {"client_name": None},
        {"client_name": ""},
        {"client_name": ["x"]},
        {"tongban_organisation": None},
        {"tongban_organisation": "11500000DEM0000000"},
        {"tongban_organisation": credit_code(999)},
        {"redirect_uris": []},
        {"redirect_uris": "https://market.example/cb"},
        {"redirect_uris": ["http://market.example/cb"]},
        {"redirect_uris": ["https://market.example/cb#x"]},
        {"redirect_uris": ["https://market.example/cb#"]},
        {"redirect_uris": ["\x01https://market.example/cb"]},
        {"redirect_uris": ["https://market.example/c\x7fb"]},
        {"redirect_uris": ["https://market.example/cb<'>\""]},
        {"redirect_uris": ["https://market.example/%zz"]},
        {"post_logout_redirect_uris": ["https://market.example/bye#"]},
        {"redirect_uris": ["https://user@market.example/cb"]},
        {"redirect_uris": ["javascript:alert(1)"]},
        {"redirect_uris": ["cn.example.app:/cb"]},
        {"redirect_uris": ["/callback"]},
        {"grant_types": ["password"]},
        {"grant_types": "authorization_code"},
        {"response_types": ["token"]},
        {"token_endpoint_auth_method": "client_secret_basically"},
        {"token_endpoint_auth_method": "none", "grant_types": ["client_credentials"]},
        {"scope": "openid everything"},
        {"scope": 7},
        {"jwks": None},
        {"jwks": {}},
        {"jwks": {"keys": []}},
        {"jwks": {"keys": ["x"]}},
        {"jwks": {"keys": [PRIVATE]}},
        {"jwks": {"keys": [RSA]}},
        {"jwks": {"keys": [{**KEY, "alg": "HS256"}]}},
        {"jwks": {"keys": [{"kty": "oct", "k": "AAAA"}]}},
        {"jwks_uri": "https://market.example/jwks"},
        {"application_type": "server"},
        {"dpop_bound_access_tokens": "yes"},
        {"client_secret": "chosen by myself"},
        {"id_token_signed_response_alg": "none"},
        {"tongban_service_items": "one"},
    ],
)
def test_metadata_that_are_not_acceptable_are_refused_in_one_sentence(
    provider: Provider, change: dict[str, Any]
) -> None:
    metadata = {name: value for name, value in (GOOD | change).items() if value is not None}
    with pytest.raises(AdministrationError) as refusal:
        provider.administration.clients.add(metadata)
    assert refusal.value.text.zh
    reason = refusal.value.text.en.partition(": ")[2]
    assert not reason or reason not in refusal.value.text.zh
    assert "\n" not in refusal.value.text.en
    assert provider.administration.clients.every() == []
    assert provider.events("ClientRegistered") == []


def test_an_id_is_taken_once(provider: Provider) -> None:
    provider.administration.clients.add({**GOOD, "client_id": "one"})
    with pytest.raises(AdministrationError):
        provider.administration.clients.add({**GOOD, "client_id": "one"})
    assert len(provider.events("ClientRegistered")) == 1


def test_officers_act_through_clients_of_one_organisation_alone(provider: Provider) -> None:
    """Their subjects are pairwise by organisation: through a second one an officer is another person (ADR 0038)."""
    clients = provider.administration.clients
    office = GOOD | {"scope": "openid governance"}
    first = clients.add(office)
    elsewhere = {"tongban_organisation": URBAN}
    with pytest.raises(AdministrationError, match="one organisation"):
        clients.add(office | elsewhere)
    assert clients.add(office)["client_id"] != first["client_id"]
    plain = clients.add(GOOD | elsewhere)
    with pytest.raises(AdministrationError, match="one organisation"):
        clients.update(str(plain["client_id"]), office | elsewhere)
    for scope in ("governance", "preview"):
        with pytest.raises(AdministrationError, match="not by invitation"):
            clients.invite(Terms(URBAN, frozenset({scope}), frozenset({GrantType.AUTHORIZATION_CODE})))


def test_commands_about_unknown_clients_and_people_say_so(provider: Provider) -> None:
    for command in (
        provider.administration.clients.show,
        provider.administration.clients.disable,
        provider.administration.clients.rotate_secret,
    ):
        with pytest.raises(AdministrationError):
            command("unknown")
    with pytest.raises(AdministrationError):
        provider.administration.people.disable("unknown")
    assert provider.events("PersonDisabled") == []


def test_a_client_with_keys_has_no_secret_to_rotate(provider: Provider) -> None:
    provider.administration.clients.add({**GOOD, "client_id": "one"})
    with pytest.raises(AdministrationError):
        provider.administration.clients.rotate_secret("one")


def test_departments_can_be_renamed(provider: Provider) -> None:
    clients = provider.administration.clients
    clients.add_organisation(MARKET, Text("市场监管局", "Market"))
    assert {"code": MARKET, "name": {"zh": "市场监管局", "en": "Market"}} in clients.organisations()
    with pytest.raises(AdministrationError):
        clients.add_organisation(MARKET[:-1] + ("1" if MARKET[-1] != "1" else "2"), Text("假", "False"))


@pytest.mark.parametrize(
    "change",
    [
        {"username": ""},
        {"username": "x" * 101},
        {"name": " "},
        {"password": "short"},
        {"assurance": 0},
        {"assurance": 5},
        {"totp_secret": "too short"},
        {"roles": ("auditor",)},
        {"organisation": MARKET},
        {"kind": PersonKind.STAFF},
        {"kind": PersonKind.STAFF, "organisation": MARKET, "roles": ("king",)},
        {"kind": PersonKind.STAFF, "organisation": credit_code(999)},
        {"assurance": 2, "subject": None},
        {"username": "WANG"},
        {"subject": LI},
    ],
)
def test_accounts_that_cannot_exist_are_refused_without_repeating_them(
    provider: Provider, change: dict[str, Any]
) -> None:
    before = len(provider.events("PersonAdded"))
    asked = {"username": "new", "name": "新人", "password": PASSWORD, "subject": citizen(77)} | change
    with pytest.raises(AdministrationError) as refusal:
        provider.administration.people.add(NewPerson(**asked))
    assert "500199" not in refusal.value.text.zh + refusal.value.text.en
    assert len(provider.events("PersonAdded")) == before


def test_an_account_shows_nothing_of_itself() -> None:
    new = NewPerson("wang", "王小明", PASSWORD, subject=LI, totp_secret=TOTP_SECRET)
    for secret in ("王小明", PASSWORD, LI.value, TOTP_SECRET):
        assert secret not in repr(new)


FILE = f"""username,name,password,citizen_number,assurance,totp_secret,kind,organisation,roles
sun,孙一,{PASSWORD},{citizen(11).value},3,{TOTP_SECRET},,,
zhou,周二,{PASSWORD},{citizen(12).value.lower()},2,,natural,,
clerk,吴三,{PASSWORD},,3,{TOTP_SECRET},staff,{MARKET},provider-officer auditor
"""


def test_people_come_from_a_file(provider: Provider) -> None:
    assert provider.administration.people.import_file(FILE.splitlines()) == 3
    party = RelyingParty(provider)
    assert "code" in Browser(provider).walk(party.authorize_url(acr_values="urn:tongban:loa:3"), username="sun")
    assert "code" in Browser(provider).walk(party.authorize_url(), username="clerk")


@pytest.mark.parametrize(
    ("old", "new"),
    [
        ("sun,孙一", "sun"),
        (citizen(11).value, citizen(11).value[:-1] + ("0" if citizen(11).value[-1] != "0" else "1")),
        (",3,", ",9,"),
        ("natural", "robot"),
        ("auditor", "king"),
        (MARKET, "nobody"),
        (TOTP_SECRET, "abc"),
        ("孙一", ""),
        ("zhou,周二," + PASSWORD, "zhou,周二,short"),
    ],
)
def test_a_wrong_line_is_named_and_nothing_personal_with_it(provider: Provider, old: str, new: str) -> None:
    with pytest.raises(AdministrationError) as refusal:
        provider.administration.people.import_file(FILE.replace(old, new).splitlines())
    assert "line " in refusal.value.text.en
    assert "第 " in refusal.value.text.zh
    for personal in ("500199", PASSWORD, "孙一"):
        assert personal not in refusal.value.text.en


@pytest.mark.parametrize("header", ["", "a,b", "username,name", FILE.splitlines()[0] + ",shoe_size"])
def test_a_wrong_header_is_refused(provider: Provider, header: str) -> None:
    with pytest.raises(AdministrationError):
        provider.administration.people.import_file([header, "x,y,z"])


def test_the_desk_opens_on_an_installation(one_database_url: str, tmp_path: Any) -> None:
    migrations.upgrade(one_database_url, "idp.store")
    KeyRing.create(tmp_path / "keys", clock=SystemClock(), entropy=SystemEntropy())
    settings = IdpSettings(database_url=one_database_url, key_dir=tmp_path / "keys")
    with Administration.open(settings) as desk:
        desk.clients.add_organisation(MARKET, Text("市场", "Market"))
        desk.people.add(NewPerson("wang", "王", PASSWORD, subject=SubjectRef("citizen-number", citizen(1).value)))
    with Administration.open(settings) as desk:
        assert len(desk.clients.organisations()) == 1
        with pytest.raises(AdministrationError):
            desk.people.add(NewPerson("wang", "王", PASSWORD))
