"""Entries on their way into the catalogue: every cell of the table, and the whole way over HTTP."""

from __future__ import annotations

from collections.abc import Callable
from copy import deepcopy
from dataclasses import replace
from datetime import timedelta
from typing import Any
from urllib.parse import quote

import pytest
import yaml
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

from exchange.catalogue.applying import Applying
from exchange.catalogue.entry_views import entry_view
from exchange.catalogue.publishing import EntryMoved
from exchange.catalogue.workflow.commands import (
    TABLE,
    WRITING,
    BeginReview,
    Command,
    DraftEntry,
    DropDraft,
    PublishEntry,
    ReturnEntry,
    ReviseEntry,
    SubmitEntry,
    WithdrawEntry,
    allowed,
)
from exchange.catalogue.workflow.differences import differences
from exchange.catalogue.workflow.document import state_from_json, state_to_json
from exchange.catalogue.workflow.events import STATUSES, EntryState, Proposal, Stage, Standing, digest, evolve
from exchange.catalogue.workflow.lifecycle import decide, may
from exchange.store import epoch as epochs
from kernel.manifests import ManifestError
from policies.proceedings import NotAllowed
from policies.roles import Officer, Role
from tests.doubles.exchange import IDENTITY_CARD, ITEM, MARKET, NOW, POLICE, STAFF_LIST, World, organisation, text

NAME = "staff-list"
STAGES = (None, *Stage)
COMMANDS: tuple[Command, ...] = (
    DraftEntry(STAFF_LIST),
    ReviseEntry(STAFF_LIST),
    SubmitEntry(),
    BeginReview(),
    ReturnEntry("缺依据"),
    PublishEntry(digest(STAFF_LIST)),
    DropDraft(),
    WithdrawEntry("停办"),
)


def state(standing: Standing, stage: Stage | None) -> EntryState:
    version = 0 if standing is Standing.NEW else 1
    draft = None if stage is None else Proposal(STAFF_LIST, stage, frozenset({"author"}), version)
    return EntryState(
        kind="EvidenceType",
        name=NAME,
        organisation=POLICE,
        standing=standing,
        changed_at=NOW,
        version=version,
        proposal=draft,
    )


def given_by(role: Role, command: Command, before: EntryState, at: Any = NOW, own: str = POLICE) -> Any:
    own_draft = role is Role.GOVERNANCE_OFFICER and type(command) in WRITING
    return decide(
        command, before, Officer("author" if own_draft else "somebody", own, frozenset({role})), at, "EvidenceType"
    )


@pytest.mark.parametrize("standing", Standing)
@pytest.mark.parametrize("stage", STAGES)
@pytest.mark.parametrize("role", Role)
def test_every_cell_of_the_table_is_what_decides(
    standing: Standing, stage: Stage | None, role: Role, record_property: Callable[[str, object], None]
) -> None:
    record_property("cases", len(COMMANDS))
    before = state(standing, stage)
    row = TABLE[standing, stage].get(role, frozenset())
    if role is Role.CONSUMER_OFFICER:
        row = frozenset()  # evidence types are not theirs to write
    for command in COMMANDS:
        if type(command) in row:
            after = evolve(before, given_by(role, command, before), kind="EvidenceType", name=NAME)
            assert after.status in STATUSES
            assert after.revision == before.revision + 1
            assert state_from_json(after.kind, after.name, after.changed_at, state_to_json(after)) == after
        else:
            with pytest.raises(NotAllowed, match="not-allowed"):
                given_by(role, command, before)


def test_reviewing_is_data_governances_alone() -> None:
    for key, row in TABLE.items():
        for role, commands in row.items():
            if commands & {PublishEntry, ReturnEntry, BeginReview}:
                assert role is Role.GOVERNANCE_OFFICER, key
    assert allowed(Standing.NEW, None, [Role.AUDITOR, Role.SYSTEM_ADMINISTRATOR]) == frozenset()


def test_nobody_publishes_their_own_or_what_they_did_not_see_or_what_stands_on_an_older_version() -> None:
    before = state(Standing.PUBLISHED, Stage.UNDER_REVIEW)
    author = Officer("author", POLICE, frozenset({Role.GOVERNANCE_OFFICER}))
    publish = PublishEntry(digest(STAFF_LIST))
    with pytest.raises(NotAllowed, match="author-may-not-publish"):
        decide(publish, before, author, NOW, "EvidenceType")
    with pytest.raises(NotAllowed, match="digest-changed"):
        given_by(Role.GOVERNANCE_OFFICER, PublishEntry(digest(IDENTITY_CARD)), before)
    with pytest.raises(NotAllowed, match="base-changed"):
        given_by(Role.GOVERNANCE_OFFICER, publish, replace(before, version=2))
    with pytest.raises(NotAllowed, match="clock-went-back"):
        given_by(Role.GOVERNANCE_OFFICER, publish, before, NOW - timedelta(seconds=1))
    with pytest.raises(NotAllowed, match="reason-missing"):
        given_by(Role.GOVERNANCE_OFFICER, ReturnEntry("  "), before)
    with pytest.raises(NotAllowed, match="not-allowed"):
        given_by(Role.PROVIDER_OFFICER, WithdrawEntry("停办"), before, own=MARKET)


@pytest.mark.parametrize("stage", Stage)
@pytest.mark.parametrize("standing", Standing)
def test_governance_writes_only_what_it_drafted_itself(standing: Standing, stage: Stage) -> None:
    other = Officer("somebody", POLICE, frozenset({Role.GOVERNANCE_OFFICER}))
    before = state(standing, stage)
    for command in COMMANDS:
        if type(command) in WRITING:
            assert not may(type(command), before, other, "EvidenceType", POLICE)
            with pytest.raises(NotAllowed, match="not-allowed"):
                decide(command, before, other, NOW, "EvidenceType")


def test_a_name_is_held_only_while_something_stands_under_it() -> None:
    taken = STAFF_LIST | {"spec": STAFF_LIST["spec"] | {"provider": MARKET}}
    for standing in (Standing.NEW, Standing.WITHDRAWN):
        given_up = state(standing, None)
        drafted = given_by(Role.PROVIDER_OFFICER, DraftEntry(taken), given_up, own=MARKET)
        assert evolve(given_up, drafted, kind="EvidenceType", name=NAME).organisation == MARKET
        with pytest.raises(NotAllowed, match="not-allowed"):
            given_by(Role.PROVIDER_OFFICER, ReviseEntry(taken), state(standing, Stage.DRAFT), own=MARKET)
    with pytest.raises(NotAllowed, match="not-allowed"):
        given_by(Role.PROVIDER_OFFICER, DraftEntry(taken), state(Standing.PUBLISHED, None), own=MARKET)


def test_nobody_gives_an_entry_of_theirs_to_another_department_or_takes_one() -> None:
    moved = STAFF_LIST | {"spec": STAFF_LIST["spec"] | {"provider": MARKET}}
    before = state(Standing.PUBLISHED, None)
    for own in (POLICE, MARKET):
        with pytest.raises(NotAllowed, match="not-allowed"):
            given_by(Role.PROVIDER_OFFICER, DraftEntry(moved), before, own=own)
    assert given_by(Role.GOVERNANCE_OFFICER, DraftEntry(moved), before).organisation == MARKET


_MEMBERS = st.dictionaries(st.sampled_from(["name", "fields", "x"]), st.integers(0, 3) | st.text("户a", max_size=2))
_LISTS = st.lists(_MEMBERS, max_size=3) | st.lists(st.fixed_dictionaries({"name": st.sampled_from("ab#")}), max_size=3)
_SPECS = st.dictionaries(st.sampled_from(["name", "x", "a"]), _MEMBERS | st.integers(0, 3) | _LISTS, max_size=3)
_CHANGED = _SPECS.flatmap(lambda spec: st.tuples(st.just(spec), _SPECS | _shuffled(spec)))


def _shuffled(spec: Any) -> st.SearchStrategy[Any]:
    """The same with the members of its lists in another order."""
    return st.fixed_dictionaries(
        {name: st.permutations(value) if isinstance(value, list) else st.just(value) for name, value in spec.items()}
    )


ROLE_TWICE = {"met_by": [{"evidence_type": "card", "role": 1}, {"evidence_type": "card", "role": 2}]}
OTHER_FIRST = {"met_by": [{"evidence_type": "card", "role": 3}, {"evidence_type": "card", "role": 2}]}
TURNED = {"met_by": [*reversed(ROLE_TWICE["met_by"])]}
LIKE_A_LIST = ({"x": [{"name": "a"}]}, {"x": {"a": {"name": "a"}}})


@settings(max_examples=300)
@given(_CHANGED)
@example((ROLE_TWICE, OTHER_FIRST))
@example((ROLE_TWICE, TURNED))
@example(({"x": [{"name": "a"}, {"name": "b"}]}, {"x": [{"name": "b"}, {"name": "a"}]}))
@example(LIKE_A_LIST)
def test_no_difference_is_found_exactly_where_there_is_none(pair: Any) -> None:
    old, new = pair
    assert (differences({"spec": old}, {"spec": new}) == ()) == (old == new)


def test_members_of_a_list_are_named_and_their_order_is_shown() -> None:
    found = differences({"spec": ROLE_TWICE}, {"spec": OTHER_FIRST})
    assert [(one.path, one.before, one.after) for one in found] == [("met_by.card#0.role", 1, 3)]
    first, second = {"name": "a", "x": 1}, {"name": "b", "x": 1}
    (turned,) = differences({"spec": {"fields": [first, second]}}, {"spec": {"fields": [second, first]}})
    assert (turned.path, turned.before, turned.after) == ("fields.#", ["a", "b"], ["b", "a"])
    assert turned.member.zh == "字段／次序"
    (added, _) = differences({"spec": {"fields": [first]}}, {"spec": {"fields": [second, first]}})
    assert (added.path, added.change) == ("fields.b.name", "added")


@settings(max_examples=100)
@given(_SPECS, _SPECS)
def test_differences_are_none_for_equal_texts_and_turn_round_with_them(old: Any, new: Any) -> None:
    there, back = (differences({"spec": a}, {"spec": b}) for a, b in ((old, new), (new, old)))
    assert differences({"spec": old}, {"spec": deepcopy(old)}) == ()
    assert [(one.path, one.before, one.after) for one in there] == [(one.path, one.after, one.before) for one in back]


def test_what_a_manifest_names_itself_stands_for_itself() -> None:
    before = {"spec": {"fields": {"name": {"label": {"zh": "姓名", "en": "name"}}}, "name": {"zh": "证", "en": "card"}}}
    after = {"spec": {"fields": {"name": {"label": {"zh": "名", "en": "name"}}}, "name": {"zh": "卡", "en": "card"}}}
    assert [one.member.zh for one in differences(before, after)] == ["字段／name／显示名／中文", "名称／中文"]


def test_differences_are_named_by_member_in_both_languages() -> None:
    stricter = deepcopy(IDENTITY_CARD)
    stricter["spec"]["fields"]["address"] |= {"sensitivity": 4, "minimal_mask": "last4"}
    found = differences(IDENTITY_CARD, stricter)
    assert [(one.path, one.change, one.before, one.after) for one in found] == [
        ("fields.address.minimal_mask", "added", None, "last4"),
        ("fields.address.sensitivity", "changed", 3, 4),
    ]
    assert found[1].member.zh == "字段／address／敏感级别"
    assert found[1].member.en == "fields / address / sensitivity"


# Over HTTP ------------------------------------------------------------------------------------------------------------

WIDER = deepcopy(STAFF_LIST)
WIDER["spec"] |= {
    "update_cycle": "daily",
    "source_of_truth": POLICE,
    "share_type": "conditional",
    "share_citation": text("演示条例第九条"),
}
NEW: dict[str, Any] = deepcopy(IDENTITY_CARD) | {"metadata": {"name": "residence-permit"}}
NEW["spec"]["name"] = text("居住证")
WHERE = "/v1/catalogue/entries/evidence-types"


def provider(world: World, method: str, path: str, body: Any = None, **more: Any) -> Any:
    return world.officer(method, path, body, sub="maker", roles=["provider-officer"], **{"organisation": POLICE} | more)


def governance(world: World, method: str, path: str, body: Any = None, sub: str = "reviewer") -> Any:
    return world.officer(method, path, body, sub=sub, roles=["governance-officer"])


def good(answer: Any, status: int = 200) -> Any:
    assert answer.status_code == status, answer.text
    return answer.json


def publish(world: World, name: str, shelf: str = "evidence-types") -> Any:
    entry = f"/v1/catalogue/entries/{shelf}/{name}"
    good(governance(world, "POST", f"{entry}/review", {}))
    seen = good(governance(world, "GET", entry))
    assert "publish" in seen["commands"]
    return good(governance(world, "POST", f"{entry}/publish", {"digest": seen["draft"]["digest"]}))


def test_a_name_given_up_is_offered_to_whoever_may_take_it_and_then_to_its_new_owner_alone(small_world: World) -> None:
    world, entry = small_world, f"{WHERE}/residence-permit"
    taken = NEW | {"spec": NEW["spec"] | {"provider": MARKET}}

    def offered(organisation: str) -> list[str]:
        return good(provider(world, "GET", entry, organisation=organisation))["commands"]

    good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": NEW}), 201)
    assert (offered(POLICE), offered(MARKET)) == (["revise", "submit", "drop"], [])
    good(provider(world, "POST", f"{entry}/drop", {}))
    assert offered(POLICE) == offered(MARKET) == ["draft"]
    good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": taken}, organisation=MARKET), 201)
    assert (offered(POLICE), offered(MARKET)) == ([], ["revise", "submit", "drop"])
    state = EntryState(
        kind="Organisation", name=POLICE, organisation=POLICE, standing=Standing.WITHDRAWN, changed_at=NOW
    )
    for owner, commands in (
        (POLICE, ["draft"]),
        (MARKET, []),
    ):  # the name of an organisation is its own for ever
        officer = Officer("maker", owner, frozenset({Role.PROVIDER_OFFICER}))
        assert entry_view(state, officer, None)["commands"] == commands


def test_a_new_type_is_drafted_returned_revised_published_changed_and_withdrawn(world: World) -> None:
    drafted = good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": NEW}), 201)
    assert (drafted["status"], drafted["version"]) == ("draft", 0)
    assert drafted["commands"] == ["revise", "submit", "drop"]
    entry = f"{WHERE}/residence-permit"
    assert world.client.get("/v1/catalogue/evidence-types/residence-permit").status_code == 404
    good(provider(world, "POST", f"{entry}/submit", {}))
    good(governance(world, "POST", f"{entry}/review", {}))
    returned = good(governance(world, "POST", f"{entry}/return", {"reason": "请写明更新周期"}))
    assert (returned["status"], returned["draft"]["reason"]) == ("returned", "请写明更新周期")
    better = deepcopy(NEW)
    better["spec"]["update_cycle"] = "daily"
    good(provider(world, "POST", f"{entry}/revise", {"manifest": better}))
    good(provider(world, "POST", f"{entry}/submit", {}))
    waiting = good(governance(world, "GET", "/v1/catalogue/entries?status=submitted"))["entries"]
    assert [one["name"] for one in waiting] == ["residence-permit"]
    epoch = world.rooms.policy.renew().epoch
    assert publish(world, "residence-permit")["status"] == "published"
    assert world.rooms.policy.renew().epoch == epoch + 1
    shown = world.client.get("/v1/catalogue/evidence-types", query_string={"q": "居住"}).json
    assert [one["code"] for one in shown["items"]] == ["residence-permit"]
    weekly = deepcopy(better)
    weekly["spec"]["update_cycle"] = "weekly"
    pending = good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": weekly}), 201)
    assert (pending["status"], pending["version"]) == ("change_pending", 1)
    assert [one["path"] for one in pending["draft"]["differences"]] == ["update_cycle"]
    good(provider(world, "POST", f"{entry}/submit", {}))
    assert publish(world, "residence-permit")["version"] == 2
    versions = good(governance(world, "GET", f"{entry}/versions"))["versions"]
    assert [(one["version"], one["how"]) for one in versions] == [(1, "review"), (2, "review")]
    second = good(governance(world, "GET", f"{entry}/versions/2"))
    assert second["manifest"] == weekly
    (change,) = second["differences"]
    assert (change["member"]["zh"], change["before"], change["after"]) == ("更新周期", "daily", "weekly")
    good(provider(world, "POST", f"{entry}/withdraw", {"reason": "不再签发"}))
    world.rooms.policy.renew()
    assert world.client.get("/v1/catalogue/evidence-types/residence-permit").status_code == 404
    assert world.client.get("/v1/catalogue/evidence-types", query_string={"q": "居住"}).json["total"] == 0
    told = [entry["event"] for entry in world.entries() if entry["request"] == "EvidenceType/residence-permit"]
    assert told == [
        *("EntryDrafted", "EntrySubmitted", "ReviewBegun", "EntryReturned", "EntryRevised", "EntrySubmitted"),
        *("ReviewBegun", "EntryPublished", "EntryDrafted", "EntrySubmitted", "ReviewBegun", "EntryPublished"),
        "EntryWithdrawn",
    ]


def test_what_was_given_up_waits_for_nobody(small_world: World) -> None:
    good(provider(small_world, "POST", "/v1/catalogue/entries", {"manifest": NEW}), 201)
    good(provider(small_world, "POST", f"{WHERE}/residence-permit/drop", {}))
    assert good(governance(small_world, "GET", "/v1/catalogue/entries"))["entries"] == []
    (found,) = good(governance(small_world, "GET", "/v1/catalogue/entries?status=withdrawn"))["entries"]
    assert found["name"] == "residence-permit"


def test_what_a_manifest_applied_is_a_version_too_and_a_draft_from_before_must_be_looked_at_again(world: World) -> None:
    entry = f"{WHERE}/{NAME}"
    assert [one["how"] for one in good(governance(world, "GET", f"{entry}/versions"))["versions"]] == ["manifest"]
    good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": WIDER}), 201)
    other = deepcopy(STAFF_LIST)
    other["spec"]["name"] = text("用工登记（新）")
    world.apply(other)
    refused = provider(world, "POST", f"{entry}/submit", {})
    assert (refused.status_code, refused.json["reason"]) == (403, "catalogue.base-changed")
    good(provider(world, "POST", f"{entry}/revise", {"manifest": WIDER}))
    good(provider(world, "POST", f"{entry}/submit", {}))
    assert publish(world, NAME)["version"] == 3


def test_what_grants_or_other_entries_rest_on_cannot_be_taken_away(small_world: World) -> None:
    world = small_world
    refused = provider(world, "POST", f"{WHERE}/identity-card/withdraw", {"reason": "停办"})
    assert (refused.status_code, refused.json["code"]) == (422, "catalogue.invalid")
    fewer = deepcopy(STAFF_LIST)
    del fewer["spec"]["fields"]["employer"], fewer["spec"]["schema"]["properties"]["employer"]
    good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": fewer}), 201)
    refused = provider(world, "POST", f"{WHERE}/{NAME}/submit", {})
    assert refused.json["code"] == "catalogue.invalid"  # its source still supplies the field
    hidden = deepcopy(STAFF_LIST)
    hidden["spec"]["fields"]["employer"] |= {"share_type": "not_shared", "share_citation": text("演示条例")}
    good(provider(world, "POST", f"{WHERE}/{NAME}/revise", {"manifest": hidden}))
    refused = provider(world, "POST", f"{WHERE}/{NAME}/submit", {})
    assert (refused.status_code, refused.json["code"]) == (409, "catalogue.in-use")
    assert "G-STAFF@1" in refused.json["detail"]


def test_two_who_act_at_once_do_not_both_succeed(small_world: World) -> None:
    """The catalogue moved between the check and the append: nothing is published."""
    world = small_world
    entry = f"{WHERE}/residence-permit"
    good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": NEW}), 201)
    good(provider(world, "POST", f"{entry}/submit", {}))
    good(governance(world, "POST", f"{entry}/review", {}))
    seen = good(governance(world, "GET", entry))["draft"]["digest"]
    desk = world.rooms.catalogue_desk
    checked = type(desk.publishing)._checked

    def meanwhile(self: Any, *asked: Any) -> Any:
        found = checked(self, *asked)
        world.apply(organisation(POLICE, "另一名称"))
        return found

    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(type(desk.publishing), "_checked", meanwhile)
        refused = governance(world, "POST", f"{entry}/publish", {"digest": seen})
    assert (refused.status_code, refused.json["code"]) == (409, "catalogue.changed")
    assert good(governance(world, "GET", entry))["status"] == "under_review"


def test_a_plan_made_before_somebody_published_is_not_applied(small_world: World) -> None:
    world = small_world
    outside = world.outside
    applying = Applying(outside.database, outside.ledger, outside.clock, outside.entropy, world.check_connector)
    operator = Officer("operator", "", frozenset({Role.GOVERNANCE_OFFICER}))
    path = world.tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(organisation(POLICE, "一名"), allow_unicode=True), encoding="utf-8")
    plan = applying.plan([path], operator)
    world.apply(organisation(MARKET, "另一名"))
    before = len(world.entries())
    with pytest.raises(EntryMoved):
        applying.apply(plan, operator)
    assert len(world.entries()) == before


def test_an_operators_manifest_takes_nothing_from_grants_in_force_either(small_world: World) -> None:
    hidden = deepcopy(STAFF_LIST)
    hidden["spec"]["fields"]["employer"] |= {"share_type": "not_shared", "share_citation": text("演示条例")}
    before = len(small_world.entries())
    with pytest.raises(ManifestError, match="G-STAFF@1"):
        small_world.apply(hidden)
    assert len(small_world.entries()) == before


def test_a_plan_made_before_grants_changed_is_not_applied(small_world: World) -> None:
    outside = small_world.outside
    applying = Applying(outside.database, outside.ledger, outside.clock, outside.entropy, small_world.check_connector)
    operator = Officer("operator", "", frozenset({Role.GOVERNANCE_OFFICER}))
    path = small_world.tmp_path / "plan.yaml"
    path.write_text(yaml.safe_dump(organisation(POLICE, "一名"), allow_unicode=True), encoding="utf-8")
    plan = applying.plan([path], operator)
    outside.database.write(lambda connection: epochs.advance(connection))
    with pytest.raises(EntryMoved):
        applying.apply(plan, operator)


BAD: list[tuple[Any, str]] = [
    ({}, "kind"),
    ({"kind": "Grant", "metadata": {"name": "x"}, "spec": {}}, "kind"),
    ({"kind": ["EvidenceType"]}, "kind"),
    (NEW | {"spec": NEW["spec"] | {"colour": "red"}}, "spec.colour"),
    (NEW | {"spec": NEW["spec"] | {"share_type": "not_shared"}}, "spec"),
    (NEW | {"spec": NEW["spec"] | {"classification": 2.0}}, ""),
    (organisation("11500000DEM0000304", "错码"), "metadata.name"),
    (organisation(POLICE, "公安") | {"spec": {"name": text("x"), "since": "2026-02-30"}}, "spec.since"),
]


@pytest.mark.parametrize(("manifest", "place"), BAD)
def test_a_manifest_that_does_not_fit_is_refused_with_the_place(small_world: World, manifest: Any, place: str) -> None:
    before = len(small_world.entries())
    answer = governance(small_world, "POST", "/v1/catalogue/entries", {"manifest": manifest})
    assert answer.status_code == 422, answer.text
    if place and place != "kind":
        assert answer.json["findings"][0]["path"].startswith(place)
    assert len(small_world.entries()) == before


def test_roles_and_addresses_are_kept_apart(small_world: World) -> None:
    world = small_world
    refused = provider(world, "POST", "/v1/catalogue/entries", {"manifest": NEW}, organisation=MARKET)
    assert (refused.status_code, refused.json["code"]) == (403, "catalogue.not-allowed")
    assert world.officer("GET", "/v1/catalogue/entries", sub="x", roles=[]).status_code == 403
    assert governance(world, "GET", "/v1/catalogue/entries?status=odd").status_code == 422
    for path in (f"{WHERE}/nobody", "/v1/catalogue/entries/grants/G-STAFF", f"{WHERE}/{NAME}/versions/9"):
        assert governance(world, "GET", path).status_code == 404
    assert governance(world, "GET", f"{WHERE}/{NAME}/versions/x").status_code == 404
    assert good(governance(world, "GET", f"/v1/catalogue/entries/service-items/{ITEM}"))["status"] == "published"


# Whatever officers send -----------------------------------------------------------------------------------------------

_WORDS = st.sampled_from(["", "x", "\0", "户口", "2026-13-40"])
_LEAVES = st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | _WORDS
_ODD = st.recursive(_LEAVES, lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=4), inner))
_PLACES = st.lists(st.sampled_from(["kind", "metadata", "spec", "name", "fields", "schema", "share_type"]), max_size=4)


@settings(max_examples=25, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(places=_PLACES, odd=_ODD, path=_WORDS | st.text(max_size=6))
def test_whatever_is_sent_is_answered_and_nothing_is_half_written(
    world: World, places: list[str], odd: Any, path: str
) -> None:
    manifest = deepcopy(NEW)
    inside: Any = manifest
    for name in places[:-1]:
        inside = inside[name] if isinstance(inside, dict) and isinstance(inside.get(name), dict) else inside
    if places:
        inside[places[-1]] = odd
    before = len(world.entries())
    answer = governance(world, "POST", "/v1/catalogue/entries", {"manifest": manifest})
    assert answer.status_code in {201, 400, 403, 422}, answer.text  # 400: a text with NUL
    assert len(world.entries()) == before + (answer.status_code == 201)
    odd_path = f"{WHERE}/{quote(path, safe='')}"
    assert governance(world, "GET", odd_path).status_code in {400, 401, 404, 405}


def test_the_queue_is_read_page_by_page_and_finds_changes_by_their_stage(world: World) -> None:
    for number in range(5):
        body = {"manifest": NEW | {"metadata": {"name": f"permit-{number}"}}}
        good(provider(world, "POST", "/v1/catalogue/entries", body), 201)
        world.clock.advance(number % 2)  # some at the same instant
    changed = deepcopy(IDENTITY_CARD)
    changed["spec"]["fields"]["born"]["sensitivity"] = 2
    world.clock.advance(1)
    good(provider(world, "POST", "/v1/catalogue/entries", {"manifest": changed}), 201)
    good(provider(world, "POST", f"{WHERE}/identity-card/submit", {}))
    found: list[str] = []
    after = ""
    while True:
        page = good(governance(world, "GET", f"/v1/catalogue/entries?limit=2&after={quote(after)}"))
        found += [one["name"] for one in page["entries"]]
        if page["next"] is None:
            break
        after = page["next"]
    assert found == [*(f"permit-{number}" for number in range(5)), "identity-card"]
    (submitted,) = good(governance(world, "GET", "/v1/catalogue/entries?status=submitted"))["entries"]
    assert (submitted["name"], submitted["status"]) == ("identity-card", "change_pending")
    for bad in ("x", "2026-11-23T09:30:00", "2026-11-23T09:30:00+00:00~evidence-types"):
        assert governance(world, "GET", f"/v1/catalogue/entries?after={quote(bad)}").status_code == 422, bad
    assert governance(world, "GET", "/v1/catalogue/entries?limit=0").status_code == 422
