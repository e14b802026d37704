"""A department joins by describing its system: a table and a folder nobody planned for, manifests, and no code."""

from collections.abc import Mapping
from typing import Any

import psycopg
import yaml

from connectors import registry as connectors
from connectors.source import Source
from tests.doubles.exchange import (
    ITEM,
    MARKET,
    OWNER,
    POLICE,
    prepared_postgresql,
    prepared_sqlite,
    small_world,
    text,
    world,
)

__all__ = ["prepared_postgresql", "prepared_sqlite", "small_world", "world"]

MANIFESTS = f"""
kind: EvidenceType
metadata: {{name: boat-licence}}
spec:
  name: {{zh: 船舶执照, en: Boat licence}}
  provider: {POLICE}
  schema:
    type: object
    properties:
      hull: {{type: string}}
      valid_until: {{type: string, format: date, longTerm: true}}
    required: [hull]
  fields:
    hull: {{label: {{zh: 船号, en: Hull number}}}}
    valid_until: {{label: {{zh: 有效期至, en: Valid until}}}}
---
kind: Connector
metadata: {{name: harbour-office}}
spec:
  evidence_type: boat-licence
  adapter: sql
  trust_grade: A
  sql:
    url_secret: harbour-office
    table: boats
    subject_column: owner_no
    columns: [owner_no, hull_no, until_text, keeper_note]
  mapping:
    fields:
      hull: {{column: hull_no, required: true}}
      valid_until: {{column: until_text, date: yyyyMMdd}}
---
kind: EvidenceType
metadata: {{name: beekeeper-card}}
spec:
  name: {{zh: 养蜂证, en: Beekeeper's card}}
  provider: {POLICE}
  schema:
    type: object
    properties:
      card: {{type: string}}
      issued_on: {{type: string, format: date}}
    required: [card]
  fields:
    card: {{label: {{zh: 证号, en: Card number}}}}
    issued_on: {{label: {{zh: 发证日期, en: Issued on}}}}
---
kind: Connector
metadata: {{name: bee-folder}}
spec:
  evidence_type: beekeeper-card
  adapter: files
  trust_grade: B
  files: {{folder: FOLDER, pattern: "bees-*.csv", format: csv, encoding: gb18030, subject_column: 蜂农证件号}}
  mapping:
    fields:
      card: {{column: 证号, required: true}}
      issued_on: {{column: 发证日期, date: yyyy年M月d日}}
"""


def grant_for(evidence_type: str, fields: list[str]) -> dict[str, Any]:
    spec = {
        "consumer": MARKET,
        "provider": POLICE,
        "evidence_type": evidence_type,
        "fields": fields,
        "service_items": [ITEM],
        "legal_basis": "demo-rules",
        "basis_kind": "statutory",
        "valid_from": "2026-01-01",
        "valid_to": "2027-12-31",
        "statute": text("演示规定第三条"),
    }
    return {"kind": "Grant", "metadata": {"name": f"G-{evidence_type.upper()}"}, "spec": spec}


def test_a_table_and_a_folder_nobody_planned_for_give_evidence_by_manifests_alone(
    small_world, postgresql_url, tmp_path
):
    with psycopg.connect(postgresql_url.replace("+psycopg", "", 1), autocommit=True) as source:
        source.execute("CREATE TABLE boats (owner_no text, hull_no text, until_text text, keeper_note text)")
        source.execute("INSERT INTO boats VALUES (%s, %s, %s, %s)", (OWNER, "渝演示 0042", "长期", "不得外传"))
    folder = tmp_path / "drop"
    folder.mkdir()
    rows = f"蜂农证件号,姓名,证号,发证日期\n{OWNER},陈示例,F-7,2024年3月9日\n"
    (folder / "bees-2026.csv").write_bytes(rows.encode("gb18030"))
    clock = small_world.clock

    def build(document: Mapping[str, Any]) -> Source:
        secrets = {"harbour-office": postgresql_url}
        return connectors.build(document, secrets=secrets.__getitem__, roots=(folder,), clock=clock)

    documents = list(yaml.safe_load_all(MANIFESTS.replace("FOLDER", str(folder))))
    grants = [grant_for("boat-licence", ["hull", "valid_until"]), grant_for("beekeeper-card", ["card", "issued_on"])]
    node = small_world.another_node(build_source=build)
    node.apply(*documents, *grants)
    node.rooms.policy.renew()
    for document in grants:
        node.approve(document["metadata"]["name"])
    boat = {"type": "boat-licence", "fields": ["hull", "valid_until"]}
    bees = {"type": "beekeeper-card", "fields": ["card", "issued_on"]}
    answer = node.ask(node.open_case(), boat, bees)
    node.rooms.close()
    assert answer.status_code == 200, answer.text
    assert "不得外传" not in answer.text
    delivered = {item["type"]: item["data"] for item in answer.json["evidence"]}
    assert delivered == {
        "boat-licence": {"hull": "渝演示 0042", "valid_until": "长期"},
        "beekeeper-card": {"card": "F-7", "issued_on": "2024-03-09"},
    }
