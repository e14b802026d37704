"""The naive governed call: what one writes in an afternoon, each step right and none of them prepared.

Per call it imports its keys, parses 100 Cedar policies from text, opens an HTTP connection, builds a marshmallow
schema, and writes a hash-chained record through the ORM in a transaction of its own (SQLite, synchronous=FULL).
It has no replay protection, no cases, quotas, leases, receipts or idempotency.
"""

from __future__ import annotations

import hashlib
import json
import os
import threading
import time
from pathlib import Path
from typing import Any

import cedarpy
import requests
from flask import Flask, abort, jsonify, request
from joserfc import jwt
from joserfc.errors import JoseError
from joserfc.jwk import ECKey
from marshmallow import Schema, ValidationError, fields, validate
from sqlalchemy import create_engine, event, select
from sqlalchemy.orm import DeclarativeBase, Mapped, Session, mapped_column

CONFIGURATION = json.loads(Path(os.environ["NAIVE_CONFIGURATION"]).read_text(encoding="utf-8"))
POLICIES = 100
CHAIN = threading.Lock()
app = Flask(__name__)
engine = create_engine(CONFIGURATION["database"])


class Base(DeclarativeBase):
    """Tables."""


class Record(Base):
    """One release, chained to the one before."""

    __tablename__ = "record"
    number: Mapped[int] = mapped_column(primary_key=True)
    content: Mapped[str]
    digest: Mapped[str]


@event.listens_for(engine, "connect")
def durable(connection: Any, _record: Any) -> None:
    """Every commit reaches the disk."""
    connection.execute("PRAGMA journal_mode=WAL")
    connection.execute("PRAGMA synchronous=FULL")


Base.metadata.create_all(engine)


def policy_text() -> str:
    """A hundred permits, one for each service item."""
    line = (
        'permit(principal == System::"benchmark", action == Action::"obtain", resource == Evidence::"sample-record") '
        'when {{ context.service_item == "item-{0:03d}" && context.loa >= 2 }};'
    )
    return "\n".join(line.format(number) for number in range(POLICIES))


def caller() -> dict[str, Any]:
    """The claims of the bearer token."""
    key = ECKey.import_key(CONFIGURATION["issuer_key"])
    try:
        token = jwt.decode(request.headers.get("Authorization", "").removeprefix("Bearer "), key, algorithms=["ES256"])
    except (JoseError, ValueError):
        abort(401)
    if token.claims["aud"] != "naive" or token.claims["exp"] < time.time():
        abort(401)
    return token.claims


def permitted(asked: dict[str, Any], loa: int) -> bool:
    """Whether a policy permits it."""
    question = {
        "principal": 'System::"benchmark"',
        "action": 'Action::"obtain"',
        "resource": f'Evidence::"{asked["type"]}"',
        "context": {"service_item": asked["service_item"], "loa": loa},
    }
    return bool(cedarpy.is_authorized(question, policy_text(), []).allowed)


def recorded(content: str) -> int:
    """Write a chained record, and return its number."""
    with CHAIN, Session(engine) as session:
        last = session.scalars(select(Record).order_by(Record.number.desc()).limit(1)).first()
        digest = hashlib.sha256(((last.digest if last else "") + content).encode()).hexdigest()
        made = Record(content=content, digest=digest)
        session.add(made)
        session.commit()
        return made.number


@app.post("/evidence")
def evidence() -> Any:
    """One governed call."""
    claims = caller()
    schema = Schema.from_dict(
        {
            "type": fields.String(required=True),
            "service_item": fields.String(required=True),
            "fields": fields.List(fields.String(), required=True, validate=validate.Length(1, 200)),
        }
    )()
    try:
        asked = schema.load(request.get_json())
    except ValidationError:
        abort(422)
    if not permitted(asked, claims["loa"]):
        abort(403)
    record = requests.post(CONFIGURATION["source"], json={"subject": claims["sub"]}, timeout=5).json()
    data = {
        name: value for name, value in record.items() if name in CONFIGURATION["granted"] and name in asked["fields"]
    }
    key = ECKey.import_key(CONFIGURATION["signing_key"])
    jws = jwt.encode({"alg": "ES256"}, {"iss": "naive", "data": data, "iat": int(time.time())}, key)
    number = recorded(jws)
    return jsonify(status="delivered", data=data, jws=jws, record=number)


@app.get("/healthz")
def healthz() -> Any:
    """Alive."""
    return jsonify(status="ok")
