"""Eight processes, one database: an invitation is used as often as it says, and a notice is one node's at a time."""

from __future__ import annotations

import pytest

from idp.model.invitation import Terms
from idp.model.secret import hashed
from tests.cases import in_parts
from tests.doubles.browser import Browser
from tests.doubles.identity_provider import MARKET, Provider
from tests.doubles.racers import PROCESSES, race
from tests.doubles.relying_party import RelyingParty

USES, DEPARTMENTS = 7, 5


@pytest.mark.parametrize("again", in_parts(3))
def test_what_is_raced_for_is_won_once(either_provider: Provider, again: int) -> None:
    provider, browser = either_provider, Browser(either_provider)
    terms = Terms(MARKET, frozenset({"openid"}), frozenset({"authorization_code"}))
    token = str(provider.administration.clients.invite(terms, uses=USES)["initial_access_token"])
    for number in range(DEPARTMENTS):
        RelyingParty(provider, backchannel_logout_uri=f"https://d{number}.example/out").tokens(browser)
    provider.administration.people.disable("wang")
    won = race(provider.settings.database_url, hashed(token), provider.clock.now())
    assert len(won) == PROCESSES
    assert sum(uses for uses, _ in won) == USES
    assert sum(notices for _, notices in won) == DEPARTMENTS
