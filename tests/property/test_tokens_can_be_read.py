"""Authorization details at their bound leave a token that can be read, with the longest of everything else it says."""

from __future__ import annotations

import json
from datetime import timedelta
from functools import cache
from typing import Any

from hypothesis import assume, given, settings
from hypothesis import strategies as st

from idp.errors import InvalidAuthorizationDetailsError
from idp.grants.token_exchange import LONGEST_CHAIN
from idp.model import scopes
from idp.model.appointment import MOST_ITEMS
from idp.model.assurance import Authentication, Factor
from idp.model.client import AuthMethod, Client
from idp.model.evidence import Details, parse_details
from idp.model.person import Person, PersonKind
from idp.model.representation import Capacity, Representation
from idp.model.roles import Role
from idp.model.session import Family
from idp.tokens import access_token
from idp.tokens.access_token import Stamp
from idp.tokens.entitlement import Entitlement, SignedIn
from idp.tokens.pairwise import Pairwise
from idp.tokens.purpose import SUBJECT_CLAIM, seal_subject
from kernel import jose
from kernel.canonical import JSON
from kernel.jose import compact
from kernel.text import Text
from tests.cases import sized
from tests.doubles.identity_provider import CASE, MARKET, SERVICE_ITEM, START, WANG, PaperExchange

ISSUER, EXCHANGE = (f"https://{name}.{'sub.' * 15}example:8443" for name in ("identity-provider", "exchange"))
IDENTIFIER, THUMBPRINT = "c" * 80, "t" * 43
CLIENT = Client(
    IDENTIFIER, MARKET, Text("", ""), AuthMethod.PRIVATE_KEY_JWT, frozenset(), frozenset(),
    service_items=frozenset({SERVICE_ITEM}), registration=10**6,
)  # fmt: skip
LONGEST_SIGNATURE = 683
"""Characters of one by an RSA key of 4096 bits, twice as long as ours; beyond that the issuer looks itself."""


def longest(details: Details) -> Entitlement:
    """Staff who hold every office act for somebody else's company through three systems."""
    act: dict[str, JSON] = {"sub": IDENTIFIER}
    for _ in range(LONGEST_CHAIN - 1):
        act = {"sub": IDENTIFIER, "act": act}
    offices = tuple(role.value for role in Role)
    person = Person("per_1", "p", "p", PersonKind.STAFF, 4, False, organisation=MARKET, roles=offices)
    family = Family(
        "fam_1", IDENTIFIER, person.id, "ses_1", "s" * 43, tuple(scopes.LABELS),
        Authentication(dict.fromkeys(Factor, START)), 4, START, may_act=(IDENTIFIER,) * 5, registration=10**6,
    )  # fmt: skip
    return Entitlement(
        CLIENT, "urn:ietf:params:oauth:grant-type:token-exchange", tuple(scopes.LABELS), details, THUMBPRINT,
        SignedIn(person, family, WANG), act, certificate=THUMBPRINT,
    )  # fmt: skip


@cache
def beside() -> dict[str, JSON]:
    """What the issuer adds."""
    item = f"{SERVICE_ITEM}01"
    until = START + timedelta(days=1)
    mandate = Representation(
        "rep_1", "per_1", Capacity.LEGAL_REPRESENTATIVE, MARKET, "商" * 200, until, START, "per_1", "rep_1",
        (item,) * MOST_ITEMS,
    )  # fmt: skip
    key = PaperExchange().decryption.encryption()
    sealed = seal_subject(WANG, audience=EXCHANGE, jti="tok_" + "0" * 26, key=key, mandate="m" * 22)
    return {"mandate": mandate.claim(), SUBJECT_CLAIM: sealed}


@cache
def key() -> jose.SigningKey:
    return jose.SigningKey.from_private_jwk(jose.generate_rsa(), "PS256")


def asking(count: int, types: int, basis: str, name: str) -> list[dict[str, Any]]:
    """So many names of fields and questions, spread over types of evidence."""
    evidence = [
        {
            "type": f"type-{place}",
            "fields": [f"{name}{number}" for number in range(place, count, types)][:100],
            "predicates": [f"q{name}{number}" for number in range(place, count, 2 * types)][:100],
        }
        for place in range(types)
    ]
    asked = {"type": "urn:tongban:params:evidence", "service_item": SERVICE_ITEM, "case": CASE, "legal_basis": basis}
    return [{**asked, "evidence": evidence}]


def accepted(asked: list[dict[str, Any]]) -> Details | None:
    try:
        return parse_details(json.dumps(asked, ensure_ascii=False), client=CLIENT, exchange=EXCHANGE)
    except InvalidAuthorizationDetailsError:
        return None


def token(details: Details) -> str:
    entitlement = longest(details)
    stamp = Stamp.now(entitlement, "tok_" + "0" * 26, START)
    pairwise = Pairwise(b"k" * 32)
    claims = access_token.claims(entitlement, stamp, issuer=ISSUER, audience=EXCHANGE, pairwise=pairwise)
    return jose.sign(claims | beside(), key(), typ=access_token.TYPE)


@settings(max_examples=sized(20, 216))
@given(
    types=st.integers(3, 20),
    basis=st.sampled_from(["rules-3", "据" * 200, "a" + "\x01" * 198 + "b", "𠮷" * 200]),
    name=st.sampled_from(["f", "a-name-of-thirty-two-characters.", "n" * 90]),
)
def test_the_longest_details_that_are_accepted_make_a_token_that_can_be_read(types: int, basis: str, name: str) -> None:
    fitting = [count for count in range(types, 1000, 7) if accepted(asking(count, types, basis, name)) is not None]
    assume(fitting)
    found = accepted(asking(max(fitting), types, basis, name))
    assert found is not None
    made = token(found)
    signature = len(made) - made.rindex(".") - 1
    assert len(made) - signature + LONGEST_SIGNATURE <= jose.MAX_TOKEN_BYTES
    assert compact.json_object(compact.parse(made).payload)["client_id"] == CLIENT.id
