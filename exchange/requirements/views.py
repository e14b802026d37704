"""Requirements as JSON: what there is, and how a case stands."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping
from typing import Any

from exchange.catalogue.model import Circumstance, ServiceItem
from exchange.catalogue.naming import named_in
from exchange.catalogue.registry import Registry
from exchange.catalogue.views import words
from exchange.certificates.lifecycle import STATUSES, Status
from exchange.requirements.broker import Needed, Part, Way, at
from exchange.requirements.circumstances import Applies, Circumstances
from exchange.requirements.ladder import CAUSES, RUNGS, Cause, Rung, Step, judge
from exchange.requirements.standing import Standing, is_undecided
from exchange.store.deliveries import Attempt
from exchange.store.resolutions import Resolution
from kernel.problems import Fault
from kernel.text import Text

Json = dict[str, Any]


def requirements_view(item: ServiceItem, found: Iterable[Needed], registry: Registry) -> Json:
    """What a service item needs: what applies or may, and apart from it what is not needed."""
    listed = tuple(found)
    return {
        "code": item.code,
        "name": words(item.name),
        "circumstances": [_circumstance(one) for one in item.circumstances.values()],
        "requirements": [_needed(one, registry) for one in listed if Rung.NOT_NEEDED not in one.rungs],
        "not_needed": [_not_needed(one) for one in listed if Rung.NOT_NEEDED in one.rungs],
    }


def _circumstance(one: Circumstance) -> Json:
    values = [{"code": code, "name": words(name)} for code, name in one.values.items()]
    return {"code": one.code, "name": words(one.name), "values": values}


def _not_needed(one: Needed) -> Json:
    """With its ground where it is no longer asked for at all; null where it does not apply in these circumstances."""
    requirement = one.requirement
    return {"code": requirement.code, "name": words(requirement.name), "ground": words(requirement.not_needed)}


def _needed(one: Needed, registry: Registry) -> Json:
    requirement = one.requirement
    return {
        "code": requirement.code,
        "name": words(requirement.name),
        "role": requirement.role,
        "uploads": requirement.uploads,
        "applies": Applies.YES.value if not is_undecided(one) else Applies.DEPENDS.value,
        "depends_on": [*one.depends_on],
        "met_by": [_way(way, registry) for way in one.ways],
        "rungs": [rung_view(rung) for rung in one.rungs],
    }


def _way(way: Way, registry: Registry) -> Json:
    first, *others = way.parts
    rung = None if way.rung is None else rung_view(way.rung)
    return {**_part(first, registry), "rung": rung, "also": [_part(part, registry) for part in others]}


def _part(part: Part, registry: Registry) -> Json:
    asked, kind = part.asked, registry.evidence_types[part.asked.evidence_type]
    return {
        "evidence_type": kind.code,
        "name": words(kind.name),
        "provider": named_in(registry.organisations, kind.provider),
        "relation": asked.relation,
        "fields": sorted(asked.fields),
        "predicates": sorted(asked.predicates),
        "connected": kind.code in registry.connectors,
        "providers": [
            {
                **named_in(registry.organisations, one.organisation),
                "reach": one.reach.value,
                "instead_of": [*one.instead_of],
            }
            for one in part.providers
        ],
    }


def rung_view(rung: Rung) -> Json:
    """A rung with its level and words."""
    return {"code": rung.value, "level": rung.level, "name": words(RUNGS[rung])}


Seen = Mapping[Rung, Collection[Cause]]


def case_view(
    case: str, declared: Circumstances, stands: Iterable[tuple[Standing, int | None, Seen]], registry: Registry
) -> Json:
    """How every requirement of a case stands."""
    listed = [_standing(one, party, seen) | {"not_in_force": lapsed_view(one, registry)} for one, party, seen in stands]
    return {"case": case, "circumstances": dict(declared), "requirements": listed}


def _standing(one: Standing, party: int | None, seen: Seen) -> Json:
    requirement = one.needed.requirement
    waiting = one.is_open and is_undecided(one.needed)
    return {
        "code": requirement.code,
        "name": words(requirement.name),
        "role": requirement.role,
        "party": party,
        "status": "undecided" if waiting else "open" if one.is_open else "met",
        "rung": None if one.rung is None else rung_view(one.rung),
        "due": one.due or None,
        "entry": one.entry,
        "depends_on": [*one.needed.depends_on],
        "rungs": [rung_view(rung) for rung in one.rungs],
        "seen": [
            {"rung": rung.value, "causes": [cause_view(cause) for cause in sorted(causes)]}
            for rung, causes in sorted(seen.items())
        ],
        "next": None if waiting or not one.is_open else _next(one, seen),
    }


def _next(one: Standing, seen: Seen) -> Json:
    """The highest rung that nothing seen bars, and what to ask for there.

    A disputed record is told as one that is: whether it serves all the same is for whoever handles the matter to say.
    """
    rungs = one.rungs
    steps = [Step(rung, cause) for rung, causes in seen.items() for cause in causes if cause is not Cause.DISPUTED]
    standing = judge(Rung.WINDOW, rungs, steps, seen).open_above
    rung = standing[0] if standing else next(each for each in rungs if each.level == Rung.UPLOAD.level)
    return {**rung_view(rung), "evidence": [_asked(way) for way in at(rung, one.needed.ways)]}


def lapsed_view(one: Standing, registry: Registry) -> list[Json]:
    """Certificates that were delivered for a requirement and do not stand: whose they are to mend, and where.

    What the department does meanwhile, ``next`` says.
    """
    return [_lapsed(each, registry) for each in one.lapsed]


def _lapsed(one: Attempt, registry: Registry) -> Json:
    kind = registry.evidence_types[one.evidence_type]
    return {
        "evidence_type": kind.code,
        "name": words(kind.name),
        "relation": one.relation,
        "provider": named_in(registry.organisations, kind.provider),
        "status": {"code": one.certificate, "name": words(STATUSES[Status(one.certificate)])},
        "entry": one.entry,
        "fault": Fault.CITIZEN.value,
        "next_step": words(_MEND),
    }


_MEND = Text(
    "请本人到发证部门办理；已有新证的，到窗口出示。",
    "Have it put right by its department; show a newer one at the window.",
)


def _asked(way: Way) -> list[Json]:
    return [
        {
            "type": part.asked.evidence_type,
            "relation": part.asked.relation,
            "fields": sorted(part.asked.fields),
            "predicates": sorted(part.asked.predicates),
        }
        for part in way.parts
    ]


def cause_view(cause: Cause) -> Json:
    """A cause in words."""
    return {"code": cause.value, "name": words(CAUSES[cause])}


def open_view(needed: Needed, rungs: Iterable[Rung]) -> list[Json]:
    """Rungs that are still open, each with what to ask for."""
    return [{**rung_view(rung), "evidence": [_asked(way) for way in at(rung, needed.ways)]} for rung in rungs]


def resolution_view(one: Resolution) -> Json:
    """What was recorded."""
    return {
        "resolution": one.id,
        "case": one.case,
        "requirement": one.requirement,
        "rung": rung_view(one.rung),
        "verdict": one.verdict.value,
        "steps": [{"rung": step.rung.value, "cause": cause_view(step.cause)} for step in one.steps],
        "due": one.due or None,
        "entry": one.entry,
    }
