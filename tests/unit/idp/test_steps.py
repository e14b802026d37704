"""What comes next, as a pure decision: its laws."""

from __future__ import annotations

from datetime import timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from idp.errors import OAuthError
from idp.interaction.steps import SignedInPerson, Step, next_step
from idp.model.assurance import LEVELS, Authentication, Factor, attainable
from idp.model.authorization import AuthorizationRequest
from idp.model.evidence import EvidenceAsked, EvidenceDetail
from idp.model.person import Person, PersonKind
from idp.model.session import Session
from tests.doubles.identity_provider import CASE, EXCHANGE, SERVICE_ITEM, START, WANG

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
    expected_sub=st.sampled_from([None, None, "one"]),
    details=st.sampled_from([(), (DETAIL,)]),
)


@st.composite
def people(draw: st.DrawFn) -> SignedInPerson | None:
    if draw(st.integers(0, 5)) == 0:
        return None
    password_at = draw(AGO)
    has_code = draw(st.booleans())
    code_at = draw(st.none() | AGO.filter(lambda at: at >= password_at)) if has_code else None
    person = Person("p", "p", "p", PersonKind.NATURAL, draw(st.sampled_from(LEVELS)), False, has_code=has_code)
    factors = {Factor.PASSWORD: password_at} | ({} if code_at is None else {Factor.CODE: code_at})
    session = Session("s", "p", Authentication(factors), START, START + timedelta(hours=1))
    remembered = frozenset(draw(SCOPES))
    return SignedInPerson(
        person, session, remembered, draw(st.sampled_from(["one", "two"])), draw(st.sampled_from([None, WANG]))
    )


def outcome(request: AuthorizationRequest, present: SignedInPerson | None) -> Step | str:
    try:
        return next_step(request, START, present)
    except OAuthError as error:
        return error.code


@given(REQUESTS, people())
def test_a_code_is_made_only_for_somebody_strong_fresh_and_agreeing(
    request: AuthorizationRequest, present: SignedInPerson | None
) -> None:
    if outcome(request, present) is not Step.DONE:
        return
    assert present is not None
    signed_in = present.session.authentication
    if request.levels:
        assert present.level in request.levels or present.level > min(request.levels)
        assert present.level >= min(request.levels)
    if request.max_age is not None:
        assert signed_in.at >= START - timedelta(seconds=request.max_age)
    if request.prompt & {"login", "select_account"}:
        assert signed_in.at >= START
    assert request.expected_sub in (None, present.sub)
    assert set(request.scope) <= present.remembered
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
        assert outcome(request, None) == ("login_required" if "none" in request.prompt else Step.PASSWORD)


@given(REQUESTS, people())
def test_a_level_out_of_reach_is_an_error_never_a_lower_level(
    request: AuthorizationRequest, present: SignedInPerson | None
) -> None:
    if present is None or not request.levels:
        return
    highest = attainable(present.person.assurance, present.person.has_code)
    if min(request.levels) > highest and "none" not in request.prompt:
        assert outcome(request, present) in (Step.PASSWORD, "login_required", "unmet_authentication_requirements")


@given(REQUESTS)
def test_a_request_survives_the_store(request: AuthorizationRequest) -> None:
    assert AuthorizationRequest.from_json(request.to_json()) == request


@pytest.mark.parametrize("prompt", ["login", "select_account"])
def test_a_password_given_within_the_interaction_is_fresh_however_slow_the_person(prompt: str) -> None:
    """`max_age=0` and `prompt=login` must not ask for ever."""
    person = Person("p", "p", "p", PersonKind.NATURAL, 2, False)
    later = START + timedelta(minutes=20)
    session = Session("s", "p", Authentication({Factor.PASSWORD: later}), later, later + timedelta(hours=1))
    present = SignedInPerson(person, session, frozenset({"openid"}), "sub", None)
    for more in ({"prompt": frozenset({prompt})}, {"max_age": 0}, {"max_age": 1}):
        request = AuthorizationRequest("c", "https://c.example/cb", ("openid",), "c" * 43, **more)
        assert next_step(request, START, present) is Step.DONE
