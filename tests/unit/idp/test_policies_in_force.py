"""The rules that administrators are shown are the rules that act."""

from __future__ import annotations

from dataclasses import fields, replace
from datetime import timedelta

import pytest

from idp.administration import policies
from idp.authentication import password_rules
from idp.authentication.passwords import PasswordUnusable
from idp.tokens import lifetimes
from kernel.settings import IdpSettings
from tests.doubles.administrators import Console, appoint, signed_in
from tests.doubles.identity_provider import Provider
from tests.unit.idp.test_waiting import guesses, wait


def shown(provider: Provider) -> dict[str, str]:
    """As the API answers."""
    appoint(provider, "security")
    listed = Console(provider, "security").call("GET", "/policies").json["policies"]
    return {each["name"]: each["value"] for each in listed}


@pytest.mark.parametrize(
    ("failures", "rule"),
    [
        (13, "longest_wait_of_address"), (50, "wait_from_50_failures"), (100, "wait_from_100_failures"),
        (100, "longest_wait"), (150, "longest_wait"),
    ],
)  # fmt: skip
def test_the_waits_that_are_shown_are_waited(provider: Provider, failures: int, rule: str) -> None:
    waited = wait(guesses(provider, failures, account="wang"), "wang") - 1
    assert shown(provider)[rule] == f"{waited} s"


def test_the_tries_that_are_shown_are_free(provider: Provider) -> None:
    free = int(shown(provider)["tries_of_account"])
    throttle = guesses(provider, free, account="wang")
    assert wait(throttle, "wang") == 0  # which was one more
    assert wait(throttle, "wang") > 0


@pytest.mark.parametrize(("rule", "alone"), [("password_length", True), ("password_length_beside_another", False)])
def test_the_lengths_of_passwords_that_are_shown_are_asked_for(provider: Provider, rule: str, alone: bool) -> None:
    least, most = map(int, shown(provider)[rule].split("–"))
    word = "violet tram over granite " * 20
    for length in (least, most):
        password_rules.check(word[:length], "wang", alone=alone)
    for length in (least - 1, most + 1):
        with pytest.raises(PasswordUnusable):
            password_rules.check(word[:length], "wang", alone=alone)


def test_every_key_that_is_a_rule_is_shown_with_its_value_and_no_secret_is() -> None:
    """A new key of the configuration is shown unless somebody says that it is no rule."""
    set_otherwise = replace(
        IdpSettings(), staff_passkey="offered", dpop_nonce="on", signing_algorithms=("ES256", "EdDSA")
    )
    found = {each.name: each for each in policies.in_force(set_otherwise)}
    keys = {each.name for each in fields(IdpSettings)}
    assert keys - policies.NO_RULES <= found.keys()
    assert keys >= policies.NO_RULES  # and no name of a key that is no more
    assert {"database_url", "pkcs11_pin", "notice_secret"}.isdisjoint(found)
    assert (found["staff_passkey"].value, found["dpop_nonce"].value) == ("offered", "on")
    assert found["signing_algorithms"].value == "ES256 EdDSA"
    assert found["staff_passkey"].source.en == "configuration key idp.staff_passkey"


def test_every_life_of_a_token_or_request_is_shown() -> None:
    derived_or_bounds = {"LONGEST_TOKEN", "CLOCK_SKEW", "BACKCHANNEL_MOST", "BACKCHANNEL_LEAST"}
    lives = {name for name, value in vars(lifetimes).items() if isinstance(value, timedelta)} - derived_or_bounds
    assert {name.lower() for name in lives} <= policies.TIMES.keys()
    assert all(policies.TIMES[name.lower()][1] == getattr(lifetimes, name) for name in lives)


def test_the_page_shows_the_same_rules(provider: Provider) -> None:
    appoint(provider, "system")
    browser, _ = signed_in(provider, "system")
    page = browser.get("/admin/policies").text
    for each in policies.in_force(provider.settings):
        assert each.label.zh in page, each.name
        assert each.value in page, each.name
