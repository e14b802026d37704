"""A grant that means nothing, or too much, cannot be built; as a document it keeps every member."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta, timezone
from typing import Any

import pytest

from kernel.canonical import decode, encode
from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies import obligations
from policies.grants.document import digest, grant_from_json, grant_to_json
from policies.grants.expectations import Expectation, Verdict
from policies.grants.grant import Grant
from policies.grants.sentence import sentence
from policies.grants.terms import InvalidGrant, Obligation
from policies.model import Action, BasisKind
from tests.unit.policies.world import GRANT, grant

EVERYTHING = grant(
    predicates=frozenset({"valid-on"}),
    relations=frozenset({"self", "spouse", "child"}),
    absent_allowed=True,
    min_loa=3,
)


@pytest.mark.parametrize(
    "changes",
    [
        {"id": "lower"},
        {"id": "A" * 65},
        {"id": 'DEM"'},
        {"version": 0},
        {"version": True},
        {"consumer": ""},
        {"consumer": "with space"},
        {"evidence_type": 'x"'},
        {"fields": frozenset(), "masks": {}},
        {"fields": frozenset({"Upper"}), "masks": {}},
        {"fields": frozenset({"a,b"}), "masks": {}},
        {"fields": frozenset(f"f{number}" for number in range(501)), "masks": {}},
        {"fields": {"cert_no"}},
        {"predicates": frozenset({""})},
        {"service_items": frozenset()},
        {"service_items": frozenset({"a b"})},
        {"relations": frozenset()},
        {"masks": {"address": Mask.LAST4}},
        {"masks": {"cert_no": "last4"}},
        {"basis_kind": "consent"},
        {"min_loa": 5},
        {"min_loa": -1},
        {"min_loa": True},
        {"absent_allowed": 1},
        {"valid_from": GRANT.valid_to},
        {"valid_from": datetime(2031, 1, 1)},  # noqa: DTZ001 - a time without a zone is the point
        {"valid_to": datetime(2032, 1, 1, microsecond=1, tzinfo=UTC)},
        {"quota_per_day": 0},
        {"quota_per_day": 2**62},
        {"quota_per_day": True},
        {"obligations": (Obligation("retain", "P1D"), Obligation("retain", "P2D"))},
        {"obligations": (Obligation("re;tain", "P1D"),)},
        {"statute": Text("", "law")},
        {"statute": Text("法", " ")},
        {"statute": Text("法", "x" * 501)},
        {"statute": Text("法\u202e", "law")},
        {"statute": Text("法", "line\nline")},
    ],
)
def test_a_grant_that_means_nothing_or_too_much_cannot_be_built(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidGrant) as refusal:
        grant(**changes)
    assert refusal.value.reason.zh
    assert refusal.value.reason.en


def test_masks_cannot_be_changed_behind_a_grants_back() -> None:
    masks = {"cert_no": Mask.LAST4}
    kept = grant(masks=masks)
    masks["cert_no"] = Mask.CLEAR
    assert kept.masks["cert_no"] is Mask.LAST4
    with pytest.raises(TypeError):
        kept.masks["cert_no"] = Mask.CLEAR  # type: ignore[index]


MEANT = (
    Expectation(expect=Verdict.PERMIT, service_item="s", relation="self", loa=2, fields=frozenset({"cert_no"})),
    Expectation(
        expect=Verdict.DENY,
        service_item="s",
        relation="child",
        loa=0,
        predicates=frozenset({"exists"}),
        legal_basis="other",
        mandated=True,
        minor=True,
        consented=False,
        at=datetime(2031, 6, 1, tzinfo=UTC),
    ),
)


@pytest.mark.parametrize(
    "whole",
    [GRANT, EVERYTHING, grant(quota_per_day=None, obligations=(), masks={}), grant(expectations=MEANT)],
)
def test_a_grant_as_a_document_loses_nothing(whole: Grant) -> None:
    assert grant_from_json(decode(encode(grant_to_json(whole)))) == whole


def test_members_with_a_default_may_be_left_out_and_unknown_ones_may_not() -> None:
    document = grant_to_json(GRANT)
    for name in ("predicates", "min_loa", "relations", "absent_allowed", "quota_per_day"):
        del document[name]
    assert grant_from_json(document) == grant(quota_per_day=None)
    with pytest.raises(InvalidGrant):
        grant_from_json({**grant_to_json(GRANT), "extra": 1})


@pytest.mark.parametrize(
    "changes",
    [
        {"fields": "cert_no"},
        {"fields": ["cert_no", "cert_no"]},
        {"fields": [["cert_no"]]},
        {"valid_from": "soon"},
        {"valid_from": 5},
        {"valid_from": "2031-01-01T00:00:00"},
        {"valid_to": "9999-12-31T23:59:59-14:00"},
        {"valid_from": "0001-01-01T00:00:00+14:00"},
        {"basis_kind": "mood"},
        {"masks": {"cert_no": "blur"}},
        {"masks": []},
        {"statute": {"zh": "法"}},
        {"statute": "law"},
        {"statute": {"zh": 1, "en": "law"}},
        {"obligations": ["a b"]},
        {"obligations": [1]},
        {"obligations": None},
        {"expectations": {}},
        {"expectations": [{}]},
        {"expectations": [{"expect": "deny", "service_item": "s", "loa": 2, "fields": "cert_no"}]},
        {"expectations": [{"expect": "mood", "service_item": "s", "loa": 2, "fields": ["cert_no"]}]},
        {"expectations": [{"expect": "deny", "service_item": "s", "loa": 9, "fields": ["cert_no"]}]},
        {"expectations": [{"expect": "deny", "service_item": "s", "loa": 2, "fields": ["cert_no"], "at": "soon"}]},
        {"consumer": 1},
        {"id": None},
    ],
)
def test_a_document_with_a_wrong_value_is_refused_in_words(changes: dict[str, Any]) -> None:
    with pytest.raises(InvalidGrant):
        grant_from_json({**grant_to_json(GRANT), **changes})


@pytest.mark.parametrize("document", [None, [], "grant", {}, {"id": "DEM-1"}])
def test_something_that_is_no_grant_document_is_refused(document: object) -> None:
    with pytest.raises(InvalidGrant):
        grant_from_json(document)


def test_the_same_instant_in_another_zone_is_the_same_grant() -> None:
    eight = timezone(timedelta(hours=8))
    moved = grant(valid_from=GRANT.valid_from.astimezone(eight))
    assert digest(moved) == digest(GRANT)


@pytest.mark.parametrize(
    "changes",
    [
        {"version": 4},
        {"fields": GRANT.fields | {"address"}},
        {"masks": {}},
        {"min_loa": 1},
        {"absent_allowed": True},
        {"quota_per_day": 501},
        {"obligations": GRANT.obligations[:1]},
        {"valid_to": GRANT.valid_to + timedelta(milliseconds=1)},
        {"statute": Text("《助学规定》第四条", "Scholarship Rules s.4(2)")},
        {"relations": frozenset({"self", "spouse"})},
        {"basis_kind": BasisKind.STATUTORY},
    ],
)
def test_any_change_gives_another_digest(changes: dict[str, Any]) -> None:
    assert digest(grant(**changes)) != digest(GRANT)


def test_the_digest_covers_the_generated_text_too(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(GRANT)
    monkeypatch.setattr("policies.cedar.render", lambda _grant: "permit (principal, action, resource);")
    assert digest(GRANT) != before


def test_the_digest_covers_the_schema_too(monkeypatch: pytest.MonkeyPatch) -> None:
    before = digest(GRANT)
    monkeypatch.setattr("policies.schema.text", lambda _unread: "namespace Tongban {}")
    assert digest(GRANT) != before
    assert before.startswith("sha256:")


def test_obligations_are_known_by_kind_and_by_the_form_of_their_argument() -> None:
    good = [Obligation.parse(text) for text in ("notify-citizen:P1D", "retain:P90D", "retain:PT4H", "watermark")]
    bad = [
        Obligation.parse(text) for text in ("retain", "retain:forever", "watermark:loud", "perfume", "notify-citizen:P")
    ]
    assert obligations.unknown([*good, *bad]) == tuple(bad)
    assert [duty.text for duty in good] == ["notify-citizen:P1D", "retain:P90D", "retain:PT4H", "watermark"]


def test_the_action_of_an_item_follows_from_whether_it_asks_for_fields() -> None:
    assert Action.of(frozenset({"a"})) is Action.OBTAIN
    assert Action.of(frozenset()) is Action.VERIFY


def test_the_sentence_says_who_what_about_whom_why_and_until_when() -> None:
    names = {"social-welfare": Text("社会救助局", "Social Welfare"), "cert_no": Text("证号", "certificate number")}
    said = sentence(GRANT, lambda code: names.get(code, Text(code, code)))
    assert said.zh == (
        "社会救助局为办理scholarships，经本人同意（《助学规定》第四条第二款），可就revenue的income-certificate"
        "取得证号（只留后四位）、full_name、income_band、valid_until，限于当事人本人；须本人在场，认证不低于 2 级；"
        "每日不超过 500 次；自2031年1月1日 08:00起，至2032年1月1日 08:00前有效；"
        "附带义务：1天内告知本人、最多保存90天。"
    )
    assert said.en == (
        "For scholarships, Social Welfare may, with the person's consent (Scholarship Rules s.4(2)), "
        "obtain certificate number (last four only), full_name, income_band, valid_until "
        "of income-certificate held by revenue, about the person of the case; "
        "only while the person is present, at assurance level 2 or higher; at most 500 times a day; "
        "from 1 January 2031, 08:00 until before 1 January 2032, 08:00 (China time); "
        "with the obligations: tell the person within 1 day, keep it for at most 90 days."
    )


def test_the_sentence_of_a_grant_of_answers_about_others() -> None:
    answers = grant(
        fields=frozenset(),
        masks={},
        predicates=frozenset({"exists", "valid-on"}),
        relations=frozenset({"employee"}),
        absent_allowed=True,
        basis_kind=BasisKind.STATUTORY,
        quota_per_day=None,
        obligations=(),
    )
    said = sentence(answers)
    assert "依据《助学规定》第四条第二款，可就revenue的income-certificate核验exists、valid-on（只答是否）" in said.zh
    assert "限于当事人的employee" in said.zh
    assert "不在场时亦可取得并告知本人" in said.zh
    assert "verify exists, valid-on (yes or no only) of income-certificate" in said.en
    assert "about their employee; at assurance level 2 when" in said.en
    assert "about the person of the case and their child, spouse" in sentence(EVERYTHING).en
