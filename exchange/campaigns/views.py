"""Campaigns and items in words and JSON, for the API and the pages alike."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict
from datetime import datetime, timedelta

from exchange.catalogue.registry import Registry
from exchange.governance.use import DAYS
from exchange.governance.views import names
from kernel.canonical import JSON
from policies.campaigns.commands import CAMPAIGN_TABLE, CallOffCampaign
from policies.campaigns.events import ITEM_STATUSES, STATUSES, Answer, CampaignState, ItemState, ItemStatus
from policies.campaigns.lifecycle import is_over, may_answer
from policies.clocks.calendar import WorkingCalendar
from policies.clocks.run import in_words, standing
from policies.grants.events import GrantState, Status
from policies.grants.sentence import sentence
from policies.grants.unused import Unused, Usage, is_judged, unused
from policies.proceedings import capacities
from policies.roles import Officer


def campaign_view(
    state: CampaignState, counts: Mapping[ItemStatus, int], calendar: WorkingCalendar, now: datetime, reader: Officer
) -> dict[str, JSON]:
    """A campaign with what is left of its time, and what the reader may do with it now."""
    here, over = standing(state.clock, calendar, now), is_over(state, calendar, now)
    may = not over and capacities(CAMPAIGN_TABLE[state.status], CallOffCampaign, reader.roles)
    return {
        "id": state.id,
        "title": state.title,
        "status": state.status.value,
        "label": STATUSES[state.status].members(),
        "revision": state.revision,
        "selection": asdict(state.selection),
        "days": state.clock.days,
        "opened_at": state.clock.began.isoformat(),
        "deadline": None if here.deadline is None else here.deadline.isoformat(),
        "days_left": here.left,
        "over": over,
        "clock": in_words(here).members(),
        "items": {status.value: count for status, count in counts.items()},
        "reason": state.reason or None,
        "commands": ["call-off"] if may else [],
    }


def item_view(
    item: ItemState,
    grant: GrantState,
    usage: Usage,
    registry: Registry,
    *,
    campaign: CampaignState,
    over: bool,
    reader: Officer,
    now: datetime,
) -> dict[str, JSON]:
    """What the ``grant`` gives (the version an answer is about now), how it was used, and what was answered."""
    name, found = names(registry, item.evidence_type), Unused(grant.grant, usage)
    suggestion = _suggestion(grant, usage, now)
    return {
        "campaign": item.campaign,
        "number": item.number,
        "grant": item.ref,
        "current": grant.grant.ref,
        "revision": item.revision,
        "status": item.status.value,
        "label": ITEM_STATUSES[item.status].members(),
        "grant_status": grant.status.value,
        "sentence": sentence(grant.grant, name).members(),
        **{
            member: {"code": code, "name": name(code).members()}
            for member, code in (
                ("provider", item.provider),
                ("consumer", item.consumer),
                ("evidence_type", item.evidence_type),
            )
        },
        "usage": {
            "days": DAYS,
            "releases": usage.releases,
            "last": None if usage.last is None else usage.last.isoformat(),
            "unused_fields": [*sorted(found.fields)],
            "unused_predicates": [*sorted(found.predicates)],
            "unused": [name(each).members() for each in (*sorted(found.fields), *sorted(found.predicates))],
        },
        "words": item.words or None,
        "changed_at": item.changed_at.isoformat(),
        "suggestion": None if suggestion is None else suggestion.value,
        "tighten": suggestion is Answer.TIGHTEN,
        "may_answer": may_answer(item, campaign, reader, over),
    }


def choice_view(state: GrantState, registry: Registry) -> dict[str, JSON]:
    """One of the grants that a campaign would be about."""
    grant = state.grant
    name = names(registry, grant.evidence_type)
    return {
        "grant": grant.ref,
        "provider": name(grant.provider).members(),
        "consumer": name(grant.consumer).members(),
        "evidence_type": name(grant.evidence_type).members(),
    }


def _suggestion(state: GrantState, usage: Usage, now: datetime) -> Answer | None:
    """What the use speaks for, as the report of unused rights judges; None where it does not judge yet."""
    one, period = (state.grant, state.changed_at), timedelta(days=DAYS)
    if state.status is not Status.ACTIVE or not is_judged(*one, now, period):
        return None
    found = unused([one], {state.grant.ref: usage}, now, period)
    if not found:
        return Answer.KEEP
    return Answer.END if found[0].wholly else Answer.TIGHTEN
