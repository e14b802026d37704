"""A grant as officers approve it: one row, from which Cedar text, annotations, sentences and forms are generated."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime
from types import MappingProxyType

from kernel.identifiers.masking import Mask
from kernel.text import Text
from policies.delivery import ON_REQUEST, Delivery
from policies.grants.expectations import MOST, Expectation, Verdict
from policies.grants.terms import (
    HIGHEST_ASSURANCE,
    HIGHEST_QUOTA,
    LONGEST_DELAY,
    LONGEST_LIST,
    LONGEST_OPENING,
    SELF,
    BasisKind,
    EmergencyUse,
    Hours,
    InvalidGrant,
    NoticeDelay,
    Obligation,
)

_GRANT_ID = re.compile(r"[A-Z][A-Z0-9-]{1,63}")
_CODE = re.compile(r"[A-Za-z0-9][A-Za-z0-9_.:/-]{0,127}")
_NAME = re.compile(r"[a-z][a-z0-9_-]{0,63}")


@dataclass(frozen=True, slots=True, kw_only=True)
class Grant:
    """Who may obtain which fields and answers of which evidence, for what, on which ground, until when.

    ``consumer`` and ``provider`` are organisations; ``masks`` names fields that leave shortened; ``quota_per_day``
    counts releases under this grant a day, None for no limit; ``valid_to`` is exclusive; ``hours`` None for any hour;
    ``mandate_required``: only while the person acts by a mandate that covers the service item; ``emergency`` makes it
    a template of emergency access; ``expectations`` are tried before it takes effect and permit nothing;
    ``own_division_only``: only records of the division of whoever asks, or of one below; ``delivery_modes`` None for
    any. Raises InvalidGrant.
    """

    id: str
    version: int
    consumer: str
    provider: str
    evidence_type: str
    service_items: frozenset[str]
    legal_basis: str
    basis_kind: BasisKind
    valid_from: datetime
    valid_to: datetime
    statute: Text
    fields: frozenset[str] = frozenset()
    predicates: frozenset[str] = frozenset()
    masks: Mapping[str, Mask] = field(default_factory=dict)
    min_loa: int = 2
    relations: frozenset[str] = frozenset({SELF})
    absent_allowed: bool = False
    quota_per_day: int | None = None
    obligations: tuple[Obligation, ...] = ()
    hours: Hours | None = None
    mandate_required: bool = False
    emergency: EmergencyUse | None = None
    expectations: tuple[Expectation, ...] = ()
    own_division_only: bool = False
    delivery_modes: frozenset[Delivery] | None = None

    def __post_init__(self) -> None:
        object.__setattr__(self, "masks", MappingProxyType(dict(self.masks)))
        for rule, reason in _RULES:
            if not rule(self):
                raise InvalidGrant(reason)

    @property
    def ref(self) -> str:
        """``id@version``: how decisions, ledger and people name it."""
        return f"{self.id}@{self.version}"

    def allows(self, delivery: Delivery) -> bool:
        """Whether a release may reach the consumer in this way."""
        return delivery in (ON_REQUEST if self.delivery_modes is None else self.delivery_modes)


def _is_count(value: object, least: int, most: int) -> bool:
    # bool is an int in Python only; Cedar keeps them apart.
    return type(value) is int and least <= value <= most


def _all_match(pattern: re.Pattern[str], values: frozenset[str]) -> bool:
    if not isinstance(values, frozenset) or len(values) > LONGEST_LIST:
        return False
    return all(pattern.fullmatch(value) for value in values)


def _says_something(text: Text) -> bool:
    return all(0 < len(part.strip()) <= 500 and _is_one_line(part) for part in (text.zh, text.en))


def _is_one_line(text: str) -> bool:
    # No control, format or surrogate characters: nothing that could reorder or hide what an officer reads.
    return not any(unicodedata.category(character) in {"Cc", "Cf", "Cs", "Zl", "Zp"} for character in text)


def _has_valid_window(grant: Grant) -> bool:
    return _is_exact(grant.valid_from) and _is_exact(grant.valid_to) and grant.valid_from < grant.valid_to


def _is_exact(time: datetime) -> bool:
    return time.tzinfo is not None and time.microsecond % 1000 == 0


def _hours_are_a_stretch(grant: Grant) -> bool:
    hours = grant.hours
    if hours is None:
        return True
    return isinstance(hours, Hours) and _is_count(hours.start, 0, 23) and _is_count(hours.end, hours.start + 1, 24)


def _emergency_is_bounded(grant: Grant) -> bool:
    use = grant.emergency
    if use is None:
        return True
    if not (isinstance(use, EmergencyUse) and _is_count(use.minutes, 1, LONGEST_OPENING)):
        return False
    if use.delay is None:
        return True
    return (
        isinstance(use.delay, NoticeDelay)
        and _is_count(use.delay.days, 1, LONGEST_DELAY)
        and _says_something(use.delay.statute)
    )


def _expectations_can_be_tried(grant: Grant) -> bool:
    given = grant.expectations
    return (
        isinstance(given, tuple)
        and len(given) <= MOST
        and len(set(given)) == len(given)
        and all(map(_can_be_tried, given))
    )


def _can_be_tried(one: Expectation) -> bool:
    codes = (one.service_item, *((one.legal_basis,) if one.legal_basis is not None else ()))
    yes_or_no = (one.mandated, one.minor, one.own_division, one.consented)
    return bool(
        isinstance(one.expect, Verdict)
        and isinstance(one.delivery, Delivery)
        and (one.fields or one.predicates)
        and _all_match(_NAME, one.fields)
        and _all_match(_NAME, one.predicates)
        and _NAME.fullmatch(one.relation)
        and all(_CODE.fullmatch(code) for code in codes)
        and _is_count(one.loa, 0, HIGHEST_ASSURANCE)
        and all(type(each) is bool for each in yes_or_no)
        and (one.at is None or _is_exact(one.at))
    )


def _delivery_modes_are_known(grant: Grant) -> bool:
    modes = grant.delivery_modes
    if modes is None:
        return True
    return isinstance(modes, frozenset) and bool(modes) and all(isinstance(mode, Delivery) for mode in modes)


def _codes_are_written_right(grant: Grant) -> bool:
    codes = (grant.consumer, grant.provider, grant.evidence_type, grant.legal_basis)
    return all(_CODE.fullmatch(code) for code in codes)


def _obligations_are_distinct(grant: Grant) -> bool:
    kinds = [obligation.kind for obligation in grant.obligations]
    return len(kinds) == len(set(kinds)) and all(obligation.is_well_formed for obligation in grant.obligations)


_RULES: tuple[tuple[Callable[[Grant], object], Text], ...] = (
    (
        lambda grant: _GRANT_ID.fullmatch(grant.id) and _is_count(grant.version, 1, 1_000_000),
        Text(
            "授权编号应为大写字母、数字与连字符，版本从 1 起",
            "A grant id is upper-case letters, digits and hyphens; versions start at 1",
        ),
    ),
    (
        _codes_are_written_right,
        Text(
            "机构、材料类型或法定依据的代码写法不正确",
            "The code of an organisation, evidence type or legal basis is not well formed",
        ),
    ),
    (
        lambda grant: grant.fields or grant.predicates,
        Text("授权至少要有一个字段或一个是非问题", "A grant names at least one field or one yes/no question"),
    ),
    (
        lambda grant: _all_match(_NAME, grant.fields) and _all_match(_NAME, grant.predicates),
        Text(
            "字段或是非问题的名称写法不正确，或数量过多",
            "The name of a field or question is not well formed, or there are too many",
        ),
    ),
    (
        lambda grant: grant.service_items and _all_match(_CODE, grant.service_items),
        Text("授权至少要有一个政务服务事项", "A grant names at least one service item"),
    ),
    (
        lambda grant: grant.relations and _all_match(_NAME, grant.relations),
        Text("授权至少要有一种与当事人的关系", "A grant names at least one relation to the person of the case"),
    ),
    (
        lambda grant: (
            all(isinstance(mask, Mask) for mask in grant.masks.values()) and grant.masks.keys() <= grant.fields
        ),
        Text("脱敏规则只能用于已授权的字段", "A mask applies to a granted field"),
    ),
    (
        lambda grant: isinstance(grant.basis_kind, BasisKind),
        Text("依据种类只能是法定或同意", "The kind of a basis is statutory or consent"),
    ),
    (
        lambda grant: _is_count(grant.min_loa, 0, HIGHEST_ASSURANCE) and type(grant.absent_allowed) is bool,
        Text("最低认证等级应为 0 至 4", "The least assurance level is 0 to 4"),
    ),
    (
        _has_valid_window,
        Text(
            "生效时间须早于失效时间，均须带时区，精确到毫秒",
            "The start is before the end, both with a zone and whole milliseconds",
        ),
    ),
    (
        lambda grant: grant.quota_per_day is None or _is_count(grant.quota_per_day, 1, HIGHEST_QUOTA),
        Text("每日限额应为正整数", "A daily quota is a positive whole number"),
    ),
    (
        _hours_are_a_stretch,
        Text(
            "时段应为一日之内的整点，起点早于终点，0 至 24",
            "Hours are whole hours of one day, 0 to 24, the first before the last",
        ),
    ),
    (
        _expectations_can_be_tried,
        Text(
            f"预期写法不正确、重复，或多于 {MOST} 条",
            f"An expectation is not well formed or stands twice, or there are more than {MOST}",
        ),
    ),
    (
        lambda grant: type(grant.mandate_required) is bool,
        Text("是否须持委托应为是或否", "Whether a mandate is needed is yes or no"),
    ),
    (
        _emergency_is_bounded,
        Text(
            f"应急开启每次为 1 至 {LONGEST_OPENING} 分钟；延迟告知须引用法律依据，为 1 至 {LONGEST_DELAY} 天",
            f"An emergency opening lasts 1 to {LONGEST_OPENING} minutes; a delay of notice cites its statute and lasts "
            f"1 to {LONGEST_DELAY} days",
        ),
    ),
    (
        lambda grant: grant.emergency is None or grant.basis_kind is BasisKind.STATUTORY,
        Text("应急取用只能以法定依据为根据", "Emergency access rests on a statute, never on consent"),
    ),
    (
        lambda grant: type(grant.own_division_only) is bool,
        Text("是否限本区划应为是或否", "Whether only records of the own division leave is yes or no"),
    ),
    (
        _delivery_modes_are_known,
        Text(
            "提供方式应为 direct、preview、asynchronous 中的一种或几种",
            "Ways of delivery are one or several of direct, preview and asynchronous",
        ),
    ),
    (
        _obligations_are_distinct,
        Text("同一种义务只能写一次，且写法须正确", "Each kind of obligation stands once and is well formed"),
    ),
    (
        lambda grant: _says_something(grant.statute),
        Text(
            "须写明法律依据（中英文，不超过 500 字）",
            "The legal citation is stated in both languages, at most 500 characters",
        ),
    ),
)
