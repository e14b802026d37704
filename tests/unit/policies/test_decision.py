"""Who obtains what: one grant, one request, one thing changed at a time. Both engines are asked every time."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta

import pytest

from kernel.identifiers.masking import Mask
from policies.decision import Permit, Quota
from policies.model import LOCKED, Action, BasisKind, Obligation, SystemPrincipal
from policies.refusals import REFUSALS
from tests.unit.policies.world import (
    GRANT,
    NOW,
    clause_ids,
    consent,
    grant,
    permitted,
    refused,
    request,
)


def test_a_request_within_the_grant_is_permitted_with_exactly_what_was_asked() -> None:
    assert permitted(request()) == Permit(
        grants=("DEM-0007@3",),
        release={"full_name": Mask.NAME, "income_band": Mask.CLEAR},
        predicates=frozenset(),
        obligations=(Obligation("notify-citizen", "P1D"), Obligation("retain", "P90D")),
        quotas=(Quota("DEM-0007@3", 500),),
        epoch=7,
    )


def test_one_field_outside_the_grant_refuses_the_whole_item_and_is_named() -> None:
    refusal = refused(
        request(fields=frozenset({"full_name", "address"}), consent=consent(fields=frozenset({"full_name", "address"})))
    )
    assert (refusal.code, clause_ids(refusal)) == ("policy.field-not-granted", ["DEM-0007@3#c4"])
    assert refusal.grants == ("DEM-0007@3",)
    assert refusal.clauses[0].text.zh == "授权 DEM-0007@3 不包括字段：字段address（address）"
    assert refusal.clauses[0].text.en == "Grant DEM-0007@3 does not cover: field address (address)"


@pytest.mark.parametrize(
    ("changes", "code", "clauses"),
    [
        ({"loa": 1}, "policy.assurance-too-low", ["DEM-0007@3#c8"]),
        ({"loa": 0, "present": False}, "policy.absence-not-granted", ["DEM-0007@3#c7", "DEM-0007@3#c8"]),
        ({"service_item": "parking"}, "policy.purpose-not-granted", ["DEM-0007@3#c0", "GUARD-CONSENT@1#c2"]),
        ({"legal_basis": "act-9"}, "policy.basis-not-granted", ["DEM-0007@3#c1", "DEM-0007@3#c2"]),
        ({"relation": "spouse"}, "policy.relation-not-granted", ["DEM-0007@3#c6"]),
        ({"quota_used_today": 500}, "policy.quota-exceeded", ["DEM-0007@3#c11"]),
        (
            {"predicates": frozenset({"valid-on"})},
            "policy.predicate-not-granted",
            ["DEM-0007@3#c5", "GUARD-CONSENT@1#c6"],
        ),
        ({"consent": None}, "policy.consent-missing", ["GUARD-CONSENT@1#c0"]),
        ({"fields": frozenset()}, "policy.nothing-asked", ["GUARD-FIELDS@1"]),
        (
            {"system": SystemPrincipal("scholarship-portal", "social-welfare", "suspended")},
            "policy.system-suspended",
            ["GUARD-SUSPENDED@2"],
        ),
        (
            {"system": SystemPrincipal("old-portal", "social-welfare", "active")},
            "policy.system-suspended",
            ["GUARD-SUSPENDED@2"],
        ),
        (
            {"system": SystemPrincipal("scholarship-portal", "social-welfare", LOCKED)},
            "policy.system-locked",
            ["GUARD-LOCKED@1"],
        ),
        ({"present": False}, "policy.presence-unproven", ["GUARD-PRESENCE@1", "DEM-0007@3#c7"]),
        ({"loa": 0}, "policy.presence-unproven", ["GUARD-PRESENCE@1", "DEM-0007@3#c8"]),
    ],
)
def test_a_refusal_names_the_clauses_that_failed(changes: dict[str, object], code: str, clauses: list[str]) -> None:
    refusal = refused(request(**changes))
    assert (refusal.code, clause_ids(refusal)) == (code, clauses)
    assert all(clause.text.zh and clause.text.en for clause in refusal.clauses)
    assert all(clause.code in REFUSALS for clause in refusal.clauses)


def test_the_grant_begins_at_its_first_instant_and_ends_before_its_last() -> None:
    unbounded = consent(not_before=datetime(2030, 1, 1, tzinfo=UTC), not_after=datetime(2033, 1, 1, tzinfo=UTC))
    tick = timedelta(milliseconds=1)
    assert permitted(request(now=GRANT.valid_from, consent=unbounded))
    assert permitted(request(now=GRANT.valid_to - tick, consent=unbounded))
    assert refused(request(now=GRANT.valid_from - tick, consent=unbounded)).code == "policy.not-yet-valid"
    assert refused(request(now=GRANT.valid_to, consent=unbounded)).code == "policy.expired"


def test_a_time_of_another_zone_is_the_same_instant() -> None:
    unbounded = consent(not_before=datetime(2030, 1, 1, tzinfo=UTC), not_after=datetime(2033, 1, 1, tzinfo=UTC))
    chongqing = datetime.fromisoformat("2032-01-01T08:00:00+08:00")
    assert refused(request(now=chongqing, consent=unbounded)).code == "policy.expired"


@pytest.mark.parametrize(
    ("changes", "part"),
    [
        ({"revoked": True}, "c1"),
        ({"service_item": "parking"}, "c2"),
        ({"consumer": "housing"}, "c3"),
        ({"consumer": "never-heard-of"}, "c3"),
        ({"evidence_type": "revenue-papers"}, "c4"),
        ({"fields": frozenset({"full_name"})}, "c5"),
        ({"not_before": NOW + timedelta(seconds=1)}, "c7"),
        ({"not_after": NOW}, "c8"),
    ],
)
def test_consent_must_be_live_for_this_purpose_and_cover_every_field(changes: dict[str, object], part: str) -> None:
    refusal = refused(request(consent=consent(**changes)))
    assert (refusal.code, clause_ids(refusal)) == ("policy.consent-missing", [f"GUARD-CONSENT@1#{part}"])


def test_consent_given_to_a_superior_organisation_covers_the_one_below() -> None:
    assert permitted(request(consent=consent(consumer="municipality")))


def test_consent_of_the_first_instant_counts() -> None:
    assert permitted(request(consent=consent(not_before=NOW)))


def test_nobody_is_asked_to_consent_to_what_no_grant_allows() -> None:
    assert refused(request(consent=None, fields=frozenset({"address"}))).code == "policy.field-not-granted"
    assert refused(request(consent=None), grant(consumer="housing")).code == "policy.no-grant"


def test_a_statutory_basis_needs_no_consent() -> None:
    by_law = grant(legal_basis="act-9", basis_kind=BasisKind.STATUTORY)
    assert permitted(request(legal_basis="act-9", consent=None), by_law)


def test_a_grant_ends_when_the_registry_changes_what_its_basis_rests_on() -> None:
    approved_as_statutory = grant(basis_kind=BasisKind.STATUTORY)
    assert refused(request(), approved_as_statutory).code == "policy.basis-not-granted"


def test_a_citizen_who_is_not_present_needs_a_grant_that_says_so() -> None:
    absent = request(present=False, loa=0)
    assert permitted(absent, grant(absent_allowed=True))
    assert refused(request(loa=1), grant(absent_allowed=True)).code == "policy.assurance-too-low"


def test_a_relation_counts_only_where_the_grant_names_it() -> None:
    about_employee = request(relation="employee")
    assert permitted(about_employee, grant(relations=frozenset({"self", "employee"})))
    assert refused(request(), grant(relations=frozenset({"employee"}))).code == "policy.relation-not-granted"


def test_a_grant_to_a_superior_organisation_covers_those_below_and_no_others() -> None:
    to_all = grant(consumer="municipality")
    assert permitted(request(), to_all)
    housing = SystemPrincipal("housing-desk", "housing", "active")
    assert refused(request(system=housing, consent=consent(consumer="housing")), to_all).code == "policy.no-grant"


def test_a_grant_on_a_family_covers_its_evidence_types() -> None:
    assert permitted(request(), grant(evidence_type="revenue-papers"))


def test_a_grant_of_a_former_provider_is_worth_nothing() -> None:
    assert refused(request(), grant(provider="housing")).code == "policy.provider-not-granted"


def test_a_service_item_of_the_granted_family_counts_and_its_neighbour_does_not() -> None:
    exactly = grant(service_items=frozenset({"post-matric"}))
    assert permitted(request(), exactly)
    other = request(service_item="parking", consent=consent(service_item="parking"))
    assert refused(other, exactly).code == "policy.purpose-not-granted"


def test_yes_no_questions_never_imply_fields_nor_the_reverse() -> None:
    answers = grant(fields=frozenset(), masks={}, predicates=frozenset({"valid-on"}))
    ask = request(action=Action.VERIFY, fields=frozenset(), predicates=frozenset({"valid-on"}))
    agreed = consent(fields=frozenset(), predicates=frozenset({"valid-on"}))
    verified = permitted(
        request(action=Action.VERIFY, fields=frozenset(), predicates=ask.predicates, consent=agreed), answers
    )
    assert (verified.release, verified.predicates) == ({}, frozenset({"valid-on"}))
    assert refused(request(), answers).code == "policy.field-not-granted"
    assert refused(ask).code == "policy.predicate-not-granted"


def test_a_verification_carries_no_field_even_where_fields_are_granted() -> None:
    both = grant(predicates=frozenset({"valid-on"}))
    mixed = request(action=Action.VERIFY, predicates=frozenset({"valid-on"}), consent=None)
    assert refused(mixed, both).code == "policy.nothing-asked"


def test_fields_and_answers_come_together_where_one_grant_covers_both() -> None:
    both = grant(predicates=frozenset({"valid-on"}))
    asked = request(predicates=frozenset({"valid-on"}), consent=consent(predicates=frozenset({"valid-on"})))
    assert permitted(asked, both).predicates == frozenset({"valid-on"})


def test_two_grants_do_not_add_up_to_a_third() -> None:
    names = grant(id="DEM-A", fields=frozenset({"full_name"}), masks={})
    bands = grant(id="DEM-B", fields=frozenset({"income_band"}), masks={})
    assert refused(request(), names, bands).code == "policy.field-not-granted"


def test_of_two_masks_the_stronger_wins_and_obligations_add_up() -> None:
    weaker = grant(id="DEM-A", masks={"cert_no": Mask.NUMBER}, obligations=(Obligation.parse("retain:P30D"),))
    permit = permitted(request(fields=frozenset({"cert_no"})), GRANT, weaker)
    assert permit.release == {"cert_no": Mask.LAST4}
    assert permit.grants == ("DEM-0007@3", "DEM-A@3")
    assert [duty.text for duty in permit.obligations] == ["notify-citizen:P1D", "retain:P30D", "retain:P90D"]
    assert permit.quotas == (Quota("DEM-0007@3", 500), Quota("DEM-A@3", 500))


def test_the_catalogues_own_mask_holds_even_where_the_grant_says_clear() -> None:
    assert permitted(request(), grant(masks={"full_name": Mask.CLEAR})).release["full_name"] is Mask.NAME


def test_a_grant_without_a_quota_reserves_nothing() -> None:
    assert permitted(request(quota_used_today=2**63 - 1), grant(quota_per_day=None)).quotas == ()


def test_an_obligation_nobody_knows_refuses() -> None:
    odd = grant(obligations=(Obligation.parse("sing-a-song:P1D"), Obligation.parse("retain:forever")))
    refusal = refused(request(), odd)
    assert refusal.code == "policy.obligation-unknown"
    assert clause_ids(refusal) == ["OBLIGATION#retain:forever", "OBLIGATION#sing-a-song:P1D"]


def test_the_nearest_grant_explains_the_refusal() -> None:
    elsewhere = grant(id="DEM-A", service_items=frozenset({"parking"}))
    ended = grant(id="DEM-B", valid_to=NOW)
    refusal = refused(request(), elsewhere, ended)
    assert (refusal.code, refusal.grants) == ("policy.expired", ("DEM-B@3",))


def test_no_grant_at_all_is_its_own_answer() -> None:
    refusal = refused(request(), grant(consumer="housing"))
    assert (refusal.code, clause_ids(refusal), refusal.grants) == ("policy.no-grant", ["GRANTS#none"], ())


def test_a_refusal_repeats_nothing_of_the_person_or_the_unregistered() -> None:
    sneaky = request(fields=frozenset({"full_name", "王小明500199"}))
    refusal = refused(sneaky)
    assert refusal.code == "policy.unknown-field"
    assert "王小明" not in repr(refusal)


def test_the_epoch_of_the_image_is_in_every_decision() -> None:
    assert permitted(request()).epoch == 7
    assert refused(request(loa=1)).epoch == 7


def test_every_code_reads_in_both_languages_and_says_whose_turn_it_is() -> None:
    for code, kind in REFUSALS.items():
        assert kind.code == code
        assert kind.status == 403
        assert kind.title.zh != kind.title.en
        assert kind.next_step.zh
        assert kind.next_step.en
