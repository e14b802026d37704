"""What comes next, as a pure decision: its laws."""

from __future__ import annotations

from datetime import datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import OAuthError
from idp.interaction.steps import SignedInPerson, Step, next_step
from idp.model.assurance import (
    AMR,
    LEVELS,
    PHISHING_RESISTANT,
    PRIMARY,
    Authentication,
    Factor,
    attainable,
    leading_to,
    reached,
)
from idp.model.authorization import AuthorizationRequest, ResponseMode
from idp.model.claims import ClaimsAsked
from idp.model.evidence import EvidenceAsked, EvidenceDetail
from idp.model.person import Account, PersonKind
from idp.model.session import Session
from tests.doubles.identity_provider import CASE, EXCHANGE, SERVICE_ITEM, START, WANG

AUTHENTICATORS = st.frozensets(st.sampled_from(Factor))
DETAIL = EvidenceDetail(EXCHANGE, SERVICE_ITEM, CASE, "rules-3", (EvidenceAsked("t", frozenset({"a"}), frozenset()),))
AGO = st.integers(min_value=0, max_value=7200).map(lambda seconds: START - timedelta(seconds=seconds))
PROMPTS = st.sampled_from([(), ("login",), ("consent",), ("login", "consent"), ("select_account",), ("none",)]).map(
    frozenset
)
SCOPES = st.lists(st.sampled_from(["openid", "profile", "usage"]), min_size=1, unique=True).map(tuple)
REQUESTS = st.builds(
    AuthorizationRequest,
    client_id=st.just("c"),
    redirect_uri=st.just("https://c.example/cb"),
    scope=SCOPES,
    code_challenge=st.just("c" * 43),
    prompt=PROMPTS,
    max_age=st.none() | st.integers(min_value=0, max_value=7200),
    levels=st.lists(st.sampled_from(LEVELS), unique=True).map(tuple),
    levels_required=st.booleans(),
    claims=st.sampled_from([ClaimsAsked(), ClaimsAsked(frozenset({"name"}), frozenset({"name", "email"}))]),
    response_mode=st.sampled_from(ResponseMode),
    resource=st.sampled_from([None, "https://permits.example/api"]),
    expected_sub=st.sampled_from([None, None, "one"]),
    details=st.sampled_from([(), (DETAIL,)]),
)


@st.composite
def people(draw: st.DrawFn) -> SignedInPerson | None:
    if draw(st.integers(0, 5)) == 0:
        return None
    has = frozenset({Factor.PASSWORD}) | draw(AUTHENTICATORS)
    first = draw(st.sampled_from(sorted(has & PRIMARY)))
    at = draw(AGO)
    factors = {first: at} | {
        factor: draw(AGO.filter(lambda later: later >= at)) for factor in has - {first} if draw(st.booleans())
    }
    proofed = draw(st.sampled_from(LEVELS))
    person = Account("p", "p", "p", PersonKind.NATURAL, proofed, False, authenticators=has)
    session = Session("s", "p", Authentication(factors), START, START + timedelta(hours=1))
    remembered = frozenset(draw(SCOPES)) | draw(st.sampled_from([frozenset(), frozenset({"profile", "email"})]))
    return SignedInPerson(
        person, session, remembered, draw(st.sampled_from(["one", "two"])), draw(st.sampled_from([None, WANG]))
    )


def outcome(request: AuthorizationRequest, present: SignedInPerson | None, now: datetime = START) -> Step | str:
    try:
        return next_step(request, START, present, now)
    except OAuthError as error:
        return error.code


@given(REQUESTS, people(), st.integers(0, 1800).map(lambda seconds: START + timedelta(seconds=seconds)))
def test_a_code_is_made_only_for_somebody_strong_fresh_and_agreeing(
    request: AuthorizationRequest, present: SignedInPerson | None, now: datetime
) -> None:
    if outcome(request, present, now) is not Step.DONE:
        return
    assert present is not None
    signed_in = present.session.authentication
    if request.levels and request.levels_required:
        assert present.level in request.levels or present.level > min(request.levels)
        assert present.level >= min(request.levels)
    if request.max_age is not None:
        assert signed_in.at >= min(START, now - timedelta(seconds=request.max_age))
    if request.prompt & {"login", "select_account"}:
        assert signed_in.at >= START
    assert request.expected_sub in (None, present.sub)
    assert set(request.to_agree_to) <= present.remembered
    assert not request.details
    assert "consent" not in request.prompt


@given(REQUESTS, people())
def test_prompt_none_never_asks(request: AuthorizationRequest, present: SignedInPerson | None) -> None:
    found = outcome(request, present)
    if "none" in request.prompt:
        assert found is Step.DONE or not isinstance(found, Step)
    elif not isinstance(found, Step):
        assert found in ("unmet_authentication_requirements", "access_denied", "login_required")


@given(REQUESTS, people())
def test_nobody_signed_in_means_the_password_first(
    request: AuthorizationRequest, present: SignedInPerson | None
) -> None:
    if present is None:
        assert outcome(request, None) == ("login_required" if "none" in request.prompt else Step.SIGN_IN)


@given(REQUESTS, people())
def test_a_level_out_of_reach_is_an_error_never_a_lower_level(
    request: AuthorizationRequest, present: SignedInPerson | None
) -> None:
    if present is None or not request.levels:
        return
    highest = attainable(present.person.assurance, present.person.authenticators)
    if min(request.levels) > highest and "none" not in request.prompt:
        found = outcome(request, present)
        if request.levels_required:
            steps = (Step.ACCOUNT, Step.SIGN_IN)
            assert found in (*steps, "login_required", "unmet_authentication_requirements")
        else:
            assert found != "unmet_authentication_requirements"


@given(REQUESTS)
def test_a_request_survives_the_store(request: AuthorizationRequest) -> None:
    assert AuthorizationRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_a_password_given_within_the_interaction_is_fresh_however_slow_the_person(prompt: str) -> None:
    """`max_age=0` and `prompt=login` must not ask for ever."""
    person = Account("p", "p", "p", PersonKind.NATURAL, 2, False)
    later = START + timedelta(minutes=20)
    session = Session("s", "p", Authentication({Factor.PASSWORD: later}), later, later + timedelta(hours=1))
    present = SignedInPerson(person, session, frozenset({"openid"}), "sub", None)
    for more in ({"prompt": frozenset({prompt})}, {"max_age": 0}, {"max_age": 1}):
        request = AuthorizationRequest("c", "https://c.example/cb", ("openid",), "c" * 43, **more)
        assert next_step(request, START, present, later + timedelta(minutes=5)) is Step.DONE


@given(AUTHENTICATORS, AUTHENTICATORS)
def test_showing_more_never_makes_a_sign_in_weaker(some: frozenset[Factor], more: frozenset[Factor]) -> None:
    assert reached(some | more) >= reached(some)


@given(AUTHENTICATORS)
def test_nothing_but_a_key_that_cannot_be_copied_reaches_level_4(some: frozenset[Factor]) -> None:
    assert (attainable(4, some) == 4) == (Factor.BOUND_KEY in some)
    assert (reached(some) >= 3) == bool(some & PHISHING_RESISTANT or (Factor.PASSWORD in some and len(some) > 1))


@given(AUTHENTICATORS, AUTHENTICATORS, st.sampled_from(LEVELS))
def test_one_more_factor_is_always_enough_for_what_the_account_can_reach(
    shown: frozenset[Factor], more: frozenset[Factor], level: int
) -> None:
    """Whoever began with a primary factor is never sent through three pages, and never into a dead end."""
    if not shown & PRIMARY or not reached(shown) < level <= reached(shown | more):
        return
    choices = leading_to(level, shown, shown | more)
    assert choices
    assert all(reached({*shown, choice}) >= level for choice in choices)


@given(AUTHENTICATORS)
def test_RFC_8176_amr_is_registered_says_each_once_and_mfa_exactly_for_two_factors(some: frozenset[Factor]) -> None:
    methods = Authentication(dict.fromkeys(some, START)).methods
    assert set(methods) <= {"pwd", "otp", "sms", "swk", "hwk", "user", "mfa"}
    assert len(set(methods)) == len(methods)
    assert ("mfa" in methods) == (reached(some) >= 3)
    assert all(value in methods for factor in some for value in AMR[factor])
