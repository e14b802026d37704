"""What the law does not share stays where it is, whatever was written of it before; the strictest item speaks for all.

Decree 809: resources are shared unconditionally, conditionally or not at all; an item may be stricter than its type.
"""

from __future__ import annotations

import copy
from typing import Any

import pytest

from exchange.catalogue import applying
from kernel.manifests import ManifestError
from tests.doubles.exchange import IDENTITY_CARD, MARKET, POLICE, URBAN, World, connector, grant, organisation
from tests.unit.exchange.test_access_requests import APPROVER as RULER
from tests.unit.exchange.test_access_requests import ASKED, CONSUMER, GOVERNOR, REFUSAL, do, walked
from tests.unit.exchange.test_access_requests import PROVIDER as OWNER
from tests.unit.exchange.test_access_requests import drafted as requested

OFFICER: dict[str, Any] = {"sub": "author", "roles": ["governance-officer"]}
PROVIDER: dict[str, Any] = {"sub": "p", "roles": ["provider-officer"], "organisation": POLICE}
APPROVER: dict[str, Any] = {"sub": "g", "roles": ["governance-approver"]}
LAW = {"zh": "某法第三条", "en": "some act, article 3"}
WHY = {"reason": "under review"}
PATH = "/v1/grants/G-NEW"
BORN = {"type": "identity-card", "fields": ["born"]}
GROWN = {"type": "identity-card", "predicates": [{"name": "at-least-age", "args": {"age": 18}}]}


def identity_card(*, born: dict[str, Any] | None = None, **spec: Any) -> dict[str, Any]:
    """The type with other words, and with other words of one of its items."""
    changed = copy.deepcopy(IDENTITY_CARD)
    changed["spec"] |= spec
    changed["spec"]["fields"]["born"] |= born or {}
    return changed


ITEM_WITHHELD = identity_card(born={"share_type": "not_shared", "share_citation": LAW})
TYPE_WITHHELD = identity_card(share_type="not_shared", share_citation=LAW)


def without_born() -> tuple[dict[str, Any], ...]:
    """The type and its source after the item was struck from the catalogue."""
    changed = identity_card(predicates=[{"name": "exists"}])
    del changed["spec"]["fields"]["born"], changed["spec"]["schema"]["properties"]["born"]
    columns = {"name": "name", "citizen_number": "id", "address": "address", "until": "until"}
    return changed, connector("identity", "identity-card", columns)


def drafted(world: World, **more: Any) -> None:
    """A draft on the item, and nothing else that rests on it."""
    world.revoke("G-IDENTITY")
    world.apply(grant("G-NEW", **({"fields": ["born"]} | more)))


def published(world: World, *documents: dict[str, Any]) -> None:
    world.apply(*documents)
    world.rooms.policy.renew()


def unseen(world: World, monkeypatch: pytest.MonkeyPatch, *documents: dict[str, Any]) -> None:
    """Published by somebody who did not see the grants that rest on it."""
    with monkeypatch.context() as patched:
        patched.setattr(applying, "living", lambda _connection: ())
        published(world, *documents)


def command(world: World, name: str, who: dict[str, Any], **body: Any) -> Any:
    return world.officer("POST", f"{PATH}/{name}", body, **who)


def signature(world: World) -> dict[str, Any]:
    return {"digest": world.officer("GET", PATH, **OFFICER).json["digest"]}


def status(world: World) -> str:
    return str(world.officer("GET", PATH, **OFFICER).json["status"])


def outcome(world: World, asked: dict[str, Any]) -> str:
    (item,) = world.ask(world.open_case(), asked).json["evidence"]
    return str(item["problem"]["code"] if item["status"] == "refused" else item["status"])


@pytest.mark.parametrize(
    ("documents", "said"),
    [((ITEM_WITHHELD,), "born"), ((TYPE_WITHHELD,), "不予共享"), (without_born(), "born")],
    ids=["item", "type", "gone"],
)
def test_a_draft_that_the_catalogue_fits_no_more_is_not_handed_in(
    world: World, documents: tuple[dict[str, Any], ...], said: str
) -> None:
    drafted(world)
    published(world, *documents)
    refused = world.officer("POST", f"{PATH}/submit", {}, **OFFICER)
    assert (refused.status_code, refused.json["reason"]) == (403, "grant.catalogue-changed")
    assert said in refused.json["detail"]
    assert (status(world), outcome(world, BORN) in {"policy.not-shared", "policy.unknown-field"}) == ("drafted", True)


def test_what_waits_for_its_panel_keeps_the_catalogue_as_it_was_signed(world: World) -> None:
    drafted(world)
    assert command(world, "submit", OFFICER).json["status"] == "submitted"
    for document in (ITEM_WITHHELD, TYPE_WITHHELD):
        with pytest.raises(ManifestError, match="G-NEW@1 rests on it"):
            world.apply(document)


def test_the_last_signature_is_refused_for_what_is_shared_no_more(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted(small_world)
    command(small_world, "submit", OFFICER)
    signed = signature(small_world)
    assert command(small_world, "approve", PROVIDER, **signed).status_code == 200
    unseen(small_world, monkeypatch, ITEM_WITHHELD)
    refused = command(small_world, "approve", APPROVER, **signed)
    assert (refused.status_code, refused.json["reason"]) == (403, "grant.catalogue-changed")
    assert status(small_world) == "submitted"


def test_a_suspended_grant_does_not_come_back_over_what_is_shared_no_more(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted(small_world)
    small_world.approve("G-NEW")
    command(small_world, "suspend", APPROVER, **WHY)
    unseen(small_world, monkeypatch, ITEM_WITHHELD)
    signed = signature(small_world)
    assert command(small_world, "reactivate", PROVIDER, **signed).status_code == 200
    refused = command(small_world, "reactivate", APPROVER, **signed)
    assert (refused.status_code, refused.json["reason"]) == (403, "grant.catalogue-changed")
    assert status(small_world) == "suspended"


@pytest.mark.parametrize("withheld", [ITEM_WITHHELD, TYPE_WITHHELD], ids=["item", "type"])
def test_the_decision_itself_refuses_what_is_not_shared_whatever_a_grant_says(
    world: World, monkeypatch: pytest.MonkeyPatch, withheld: dict[str, Any]
) -> None:
    drafted(world, predicates=["at-least-age"])
    world.approve("G-NEW")
    assert [outcome(world, asked) for asked in (BORN, GROWN)] == ["delivered", "delivered"]
    unseen(world, monkeypatch, withheld)
    assert [outcome(world, asked) for asked in (BORN, GROWN)] == ["policy.not-shared", "policy.not-shared"]
    assert [one["facts"]["reason"] for one in world.events("EvidenceRefused")][-2:] == ["policy.not-shared"] * 2


def test_a_grant_that_fits_no_more_stands_in_the_way_of_nothing_else(
    small_world: World, monkeypatch: pytest.MonkeyPatch
) -> None:
    drafted(small_world)
    small_world.approve("G-NEW")
    unseen(small_world, monkeypatch, ITEM_WITHHELD)
    small_world.apply(organisation(URBAN, "城市管理局"))
    small_world.apply(ITEM_WITHHELD | {"spec": ITEM_WITHHELD["spec"] | {"description": {"zh": "证件", "en": "a card"}}})
    with pytest.raises(ManifestError, match="G-NEW@1 rests on it"):  # another matter, of the same grant
        small_world.apply(ITEM_WITHHELD | {"spec": ITEM_WITHHELD["spec"] | {"provider": MARKET}})


def test_a_question_is_as_strict_as_the_item_that_answers_it(small_world: World) -> None:
    with pytest.raises(ManifestError, match="at-least-age"):
        small_world.apply(ITEM_WITHHELD)  # G-IDENTITY answers it
    small_world.revoke("G-IDENTITY")
    published(small_world, ITEM_WITHHELD)
    with pytest.raises(ManifestError, match="question “at-least-age” is answered from an item that is not shared"):
        small_world.apply(grant("G-NEW", fields=[], predicates=["at-least-age"]))
    small_world.apply(grant("G-NEW", fields=["name"], predicates=["exists", "valid-on"]))


def test_a_question_from_a_sensitive_item_needs_a_third_signature_like_the_item(world: World) -> None:
    world.revoke("G-IDENTITY")
    published(world, identity_card(born={"sensitivity": 4}))
    world.apply(grant("G-NEW", fields=["name"]))
    world.approve("G-NEW")
    for more in ({"fields": ["name", "born"]}, {"fields": ["name"], "predicates": ["at-least-age"]}):
        world.apply(grant("G-NEW", **more))
        assert world.officer("POST", f"{PATH}@2/submit", {}, **OFFICER).json["status"] == "submitted"
        seen = world.officer("GET", f"{PATH}@2/examination", **OFFICER).json
        assert [seat["role"] for seat in seen["must_sign"]][2:] == ["data-protection-officer"], more
        assert "出生日期" in seen["sensitive"][0]["zh"]
        world.officer("POST", f"{PATH}@2/return", WHY, **APPROVER)


# Requests -------------------------------------------------------------------------------------------------------------


def test_the_strictest_item_says_how_a_request_is_decided(world: World) -> None:
    """An unconditional type with a conditional item: its provider is asked, about the item and about its question."""
    published(world, identity_card(share_type="unconditional", born={"share_type": "conditional"}))
    for asked, share_type, stands in (
        ({"fields": ["name"]}, "unconditional", "approved"),
        ({"fields": ["name", "born"]}, "conditional", "with-provider"),
        ({"fields": ["name"], "predicates": ["at-least-age"]}, "conditional", "with-provider"),
    ):
        request = requested(world, grant=ASKED | asked)
        assert walked(world, request, (CONSUMER, "submit"))["share_type"] == share_type
        assert walked(world, request, (GOVERNOR, "accept"))["status"] == stands, asked


def test_a_question_from_a_sensitive_item_needs_an_assessment(small_world: World) -> None:
    published(small_world, identity_card(born={"sensitivity": 3}))
    request = requested(small_world, grant=ASKED | {"fields": ["name"], "predicates": ["at-least-age"]})
    refused = do(small_world, CONSUMER, request, "submit")
    assert (refused.status_code, refused.json["reason"]) == (422, "access-request.assessment-missing")


def test_what_is_shared_in_another_way_by_then_is_decided_in_that_way(world: World) -> None:
    published(world, identity_card(share_type="unconditional"))
    request = requested(world)
    walked(world, request, (CONSUMER, "submit"))
    published(world, identity_card())
    done = walked(world, request, (GOVERNOR, "accept"))
    assert (done["status"], done["share_type"], done["notified"]) == ("with-provider", "conditional", False)
    assert done["clock"]["stage"] == "provider-answer"


@pytest.mark.parametrize(
    "documents", [(ITEM_WITHHELD,), (TYPE_WITHHELD,), without_born()], ids=["item", "type", "gone"]
)
def test_what_is_shared_no_more_is_not_agreed_to(world: World, documents: tuple[dict[str, Any], ...]) -> None:
    world.revoke("G-IDENTITY")
    checked, asked, disputed = (requested(world) for _ in range(3))
    walked(world, checked, (CONSUMER, "submit"))
    walked(world, asked, (CONSUMER, "submit"), (GOVERNOR, "accept"))
    walked(
        world,
        disputed,
        *((CONSUMER, "submit"), (GOVERNOR, "accept"), (OWNER, "refuse", REFUSAL)),
        *((CONSUMER, "dispute", WHY), (GOVERNOR, "negotiate"), (GOVERNOR, "mediate", {"finding": "不能一致"})),
    )
    published(world, *documents)
    for request, who, name, body in (
        (checked, GOVERNOR, "accept", {}),
        (asked, OWNER, "approve", {}),
        (disputed, RULER, "overturn", {"citation": "政务数据共享条例"}),
    ):
        refused = do(world, who, request, name, **body)
        assert (refused.status_code, refused.json["reason"]) == (403, "access-request.catalogue-changed"), name
    assert world.events("RequestApproved", "RefusalOverturned") == []
    assert walked(world, asked, (OWNER, "refuse", REFUSAL))["status"] == "refused"
