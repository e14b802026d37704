"""What is kept of a request while an item of it waits, and how it is asked again from that.

It lies beside the ledger entry that says that the item waits, encrypted under the key of whom the item is about: when
that person is erased it is gone, and the item with it. Of whoever asked no number is in it but that of the company
whose mandate they hold: a parent who asks for a child's record is known by blind index alone. A record that waits for
its preview is kept whole, with whomever it names.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from datetime import datetime
from typing import Any

import orjson

from connectors.base import CertificateWord
from connectors.further import Further, When
from connectors.source import Outcome, Retrieved
from exchange.authentication.access_token import AccessToken, Detail, DetailItem, Mandate
from exchange.blind_index import BlindIndex
from exchange.catalogue.model import SELF, System
from exchange.gateway.asking import Asking
from exchange.gateway.enforcement import Permitted
from exchange.gateway.request import EvidenceRequest, Item, PassedOver, Question
from exchange.store.cases import Case
from exchange.store.intents import Stored
from kernel.identifiers.subject import SubjectRef
from policies.delivery import Delivery


@dataclass(frozen=True, slots=True)
class Remembered:
    """An item as it was asked for, and what a source answered already where only the preview is missing.

    ``further``: questions of another exchange, as they were put; None where the manifest has them.
    """

    subject: SubjectRef = field(repr=False)
    own: bool
    token: AccessToken
    record: Retrieved | None
    further: Further | None = None


def kept(ruling: Permitted, asking: Asking, record: Retrieved | None, further: Further | None = None) -> bytes:
    """What is needed to go on with an item, as bytes to be encrypted."""
    subject = ruling.concerned.subject
    said = {
        "subject": _subject(subject),
        "own": ruling.concerned.relation == SELF and asking.person == ruling.concerned.index,
        "token": _token(asking.token, asking.detail),
        "record": None if record is None else _record(record),
        "further": None if further is None else {"attempts": further.attempts, "questions": further.members()},
    }
    return orjson.dumps(said)


def remembered(payload: bytes) -> Remembered:
    """What was kept."""
    said: dict[str, Any] = orjson.loads(payload)
    subject, token = _subject_of(said["subject"]), _token_of(said["token"])
    # Whoever else was present is present still, though their number stands nowhere.
    token = replace(token, person=subject if said["own"] else None, unnamed=said["token"]["present"])
    record = None if said["record"] is None else _record_of(said["record"])
    put = said.get("further")
    further = None if put is None else Further.parse({"when": [When.ALWAYS], **put})
    return Remembered(subject, said["own"], token, record, further)


def asked_again(
    one: Remembered,
    number: int,
    stored: Stored,
    case: Case,
    system: System,
    indexes: BlindIndex,
    *,
    at: datetime,
    leeway: int,
) -> Asking:
    """The request as it was asked, of this item alone, at another moment."""
    whole = request_of(stored, case)
    item = whole.items[number]
    if not one.own:
        item = replace(item, subject=one.subject)
    detail = one.token.details[0]
    request = replace(whole, items=(item,))
    return Asking(stored.intent.id, request, one.token, system, detail, indexes, stored.intent.person, leeway, at)


def request_of(stored: Stored, case: Case) -> EvidenceRequest:
    """The request as stored, without the numbers of whom it was about."""
    asked: Any = orjson.loads(stored.intent.asked)
    items = tuple(_item(number, item) for number, item in enumerate(asked["items"]))
    delivery = Delivery(asked.get("delivery", Delivery.DIRECT))
    return EvidenceRequest(case.service_item, case.id, asked["legal_basis"], items, asked.get("emergency"), delivery)


def _item(number: int, asked: dict[str, Any]) -> Item:
    questions = tuple(Question(one["name"], one["args"]) for one in asked["predicates"])
    over = (PassedOver(one["evidence_type"], one["cause"], one["provider"]) for one in asked.get("chosen_over", ()))
    return Item(
        number,
        asked["type"],
        tuple(asked["fields"]),
        questions,
        None,
        asked["relation"],
        asked.get("from"),
        chosen_over=tuple(over),
    )


def _subject(subject: SubjectRef) -> dict[str, str]:
    return {"scheme": subject.scheme, "value": subject.value}


def _subject_of(said: Mapping[str, Any]) -> SubjectRef:
    return SubjectRef(said["scheme"], said["value"])


def _token(token: AccessToken, detail: Detail) -> dict[str, Any]:
    return {
        "issuer": token.issuer,
        "key_id": token.key_id,
        "client_id": token.client_id,
        "jti": token.jti,
        "sub": token.sub,
        "issued_at": token.issued_at,
        "expires_at": token.expires_at,
        "sid": token.sid,
        "assurance": token.assurance,
        "present": token.present,
        "officer": token.officer,
        "registration": token.registration,
        "detail": _detail(detail),
        "mandate": None if token.mandate is None else token.mandate.members(),
    }


def _token_of(said: Mapping[str, Any]) -> AccessToken:
    return AccessToken(
        issuer=said["issuer"],
        key_id=said["key_id"],
        client_id=said["client_id"],
        jti=said["jti"],
        sub=said["sub"],
        issued_at=said["issued_at"],
        expires_at=said["expires_at"],
        sid=said["sid"],
        scope=frozenset(),
        roles=frozenset(),
        organisation=None,
        assurance=said["assurance"],
        person=None,
        officer=said["officer"],
        details=(_detail_of(said["detail"]),),
        key_thumbprint=None,
        certificate_thumbprint=None,
        mandate=None if said["mandate"] is None else Mandate.kept(said["mandate"]),
        registration=said.get("registration", 0),
    )


def _detail(detail: Detail) -> dict[str, Any]:
    items = [
        {"type": one.type, "fields": sorted(one.fields), "predicates": sorted(one.predicates)} for one in detail.items
    ]
    return {
        "service_item": detail.service_item,
        "case": detail.case,
        "legal_basis": detail.legal_basis,
        "items": items,
    }


def _detail_of(said: Mapping[str, Any]) -> Detail:
    items = (DetailItem(one["type"], frozenset(one["fields"]), frozenset(one["predicates"])) for one in said["items"])
    return Detail(said["service_item"], said["case"], said["legal_basis"], tuple(items))


def _record(found: Retrieved) -> dict[str, Any]:
    return {
        "outcome": found.outcome,
        "values": dict(found.values),
        "source_time": None if found.source_time is None else found.source_time.isoformat(),
        "retrieved_at": found.retrieved_at.isoformat(),
        "times": {name: at.isoformat() for name, at in found.times.items()},
        "certificate": None if found.certificate is None else _word(found.certificate),
    }


def _record_of(said: Mapping[str, Any]) -> Retrieved:
    source_time = said["source_time"]
    return Retrieved(
        Outcome(said["outcome"]),
        said["values"],
        None if source_time is None else datetime.fromisoformat(source_time),
        datetime.fromisoformat(said["retrieved_at"]),
        {name: datetime.fromisoformat(at) for name, at in said.get("times", {}).items()},
        _word_of(said.get("certificate")),
    )


def _word(word: CertificateWord) -> dict[str, Any]:
    since = None if word.since is None else word.since.isoformat()
    return {"status": word.status, "since": since, "as_of": word.as_of.isoformat(), "by": word.by}


def _word_of(said: Mapping[str, Any] | None) -> CertificateWord | None:
    if said is None:
        return None
    since = None if said["since"] is None else datetime.fromisoformat(said["since"])
    return CertificateWord(said["status"], since, datetime.fromisoformat(said["as_of"]), said["by"])
