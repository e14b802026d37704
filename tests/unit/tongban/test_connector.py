"""``tongban connector``: lists, asks how sources are, and shows one look-up step by step without showing anybody."""

from __future__ import annotations

import json
from datetime import UTC, datetime
from pathlib import Path
from typing import TYPE_CHECKING

import pytest
import yaml

from kernel.identifiers import citizen_number
from tests.doubles.asking_exchange import RIGHT, AskingExchange, register_of
from tests.doubles.drop_folder import fixed_width_bytes
from tests.doubles.exchange import IDENTITY_CARD, OWNER
from tests.doubles.paper_exchange import PRIVATE
from tests.unit.tongban.conftest import Installation, manifests, run

if TYPE_CHECKING:
    from tests.doubles.sftp_server import SftpServer

REAL = "11010519491231002X"
"""A number of an assigned division with a right check character: treated as somebody's."""


def test_connectors_are_listed_and_asked_how_they_are(installation: Installation) -> None:
    [line] = installation.json("connector", "list")
    assert (line["name"], line["adapter"], line["usable"]) == ("identity", "files", True)
    [asked] = installation.json("connector", "health")
    assert (asked["ok"], asked["code"]) == (True, "not-found")
    assert installation("connector", "health", "identity").exit_code == 0
    assert installation("connector", "health", "nobody").exit_code == 2


def test_a_synthetic_person_is_shown_step_by_step(installation: Installation) -> None:
    seen = installation.json("connector", "try", "identity", "--subject", OWNER)
    assert seen["synthetic"]
    assert seen["came"] == [{"姓名": "陈示例", "住址": "演示区一号"}]
    [[address, name]] = seen["mapped"]
    assert (name["field"], name["from"], name["found"], name["value"]) == ("name", "column 姓名", "陈示例", "陈示例")
    assert address["value"] == "演示区一号"
    assert seen["answer"]["outcome"] == "found"
    assert seen["released"]["name"]["value"] == "陈示例"
    assert seen["conforms"] == {"fits": True, "where": None}
    told = installation("connector", "try", "identity", "--subject", OWNER)
    assert told.exit_code == 0
    for word in ("陈示例", "column 姓名", "outcome", "fits the type's schema"):
        assert word in told.output


def test_a_real_person_is_masked_and_recorded_and_a_source_that_is_gone_is_the_honest_no(
    own_installation: Installation,
) -> None:
    drop = own_installation.folder / "drop" / "people.csv"
    drop.write_text(f"号码,姓名,住址\n{REAL},欧阳真名,某区 12 号 A 座\n", "utf-8")
    before = own_installation.json("ledger", "verify")
    done = own_installation("connector", "try", "identity", "--subject", REAL, "--json")
    assert done.exit_code == 0, done.output
    seen = json.loads(done.stdout)
    assert not seen["synthetic"]
    assert seen["came"] == [{"姓名": "字字字字", "住址": "字字 99 字 a 字"}]
    assert seen["mapped"][0][1]["value"] == "欧***"
    assert "真名" not in done.output
    assert REAL not in done.output
    assert "12 号" not in own_installation("connector", "try", "identity", "--subject", REAL).output
    after = own_installation.json("ledger", "verify")
    assert json.dumps(before) != json.dumps(after)
    drop.unlink()
    done = own_installation("connector", "health", "--json")
    assert done.exit_code == 1
    assert json.loads(done.stdout)[0]["code"] == "source.unavailable"
    tried = own_installation("connector", "try", "identity", "--subject", OWNER, "--json")
    assert tried.exit_code == 1
    assert json.loads(tried.stdout)["answer"]["reason"] == json.loads(done.stdout)[0]["reason"]


@pytest.fixture
def described(installation: Installation) -> str:
    documents = [one for one in manifests(installation.folder / "drop") if one["kind"] == "Connector"]
    return str(installation.file("one.yaml", yaml.safe_dump_all([*documents, IDENTITY_CARD], allow_unicode=True)))


def test_a_manifest_file_is_tried_before_anything_is_applied(installation: Installation, described: str) -> None:
    seen = installation.json("connector", "try", described, "--subject", OWNER)
    assert seen["conforms"] == {"fits": True, "where": None}
    refused = installation("connector", "try", described, "--subject", REAL)
    assert refused.exit_code == 2
    assert "500199" in refused.output
    assert REAL not in refused.output


def test_a_draft_under_the_name_of_a_source_leaves_alone_what_that_keeps(own_installation: Installation) -> None:
    """The rows of an installed source may have been gathered from files that have gone."""
    drop = own_installation.folder / "drop"
    [document] = [one for one in manifests(drop) if one["kind"] == "Connector"]
    document["spec"]["files"]["changes"] = {"key": ["号码"]}
    applied = own_installation("catalogue", "apply", own_installation.file("c.yaml", yaml.safe_dump(document)))
    assert applied.exit_code == 0, applied.output
    assert own_installation("connector", "try", "identity", "--subject", OWNER).exit_code == 0
    (drop / "people.csv").rename(own_installation.folder / "gone.csv")
    (drop / "later.csv").write_text(f"号码,姓名,住址\n{OWNER},陈改名,演示区一号\n", "utf-8")
    kept = own_installation.folder / "connectors" / "identity"
    before = {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()}
    document["spec"]["files"]["columns"] = ["姓名", "住址", "号码"]
    draft = own_installation.file("draft.yaml", yaml.safe_dump(document))
    seen = own_installation.json("connector", "try", draft, "--subject", OWNER)
    assert seen["came"][0]["姓名"] == "陈改名"
    assert {path: path.read_bytes() for path in kept.rglob("*") if path.is_file()} == before != {}


def test_a_manifest_is_tried_where_nothing_is_installed(tmp_path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "people.csv").write_text(f"号码,姓名,住址\n{OWNER},陈示例,演示区一号\n", "utf-8")
    [document] = [one for one in manifests(tmp_path) if one["kind"] == "Connector"]
    path = tmp_path / "identity.yaml"
    path.write_text(yaml.safe_dump(document, allow_unicode=True), "utf-8")
    done = run("connector", "try", path, "--subject", OWNER, "--json")
    assert done.exit_code == 0, done.output
    assert json.loads(done.stdout)["conforms"] is None


def test_what_cannot_be_tried_is_one_sentence_and_status_2(installation: Installation) -> None:
    empty = installation.file("none.yaml", yaml.safe_dump(IDENTITY_CARD, allow_unicode=True))
    wrong = manifests(installation.folder / "drop")[-2]
    wrong["spec"]["adapter"] = "telepathy"
    broken = installation.file("broken.yaml", yaml.safe_dump(wrong, allow_unicode=True))
    for source in ("nobody", str(empty), str(broken)):
        assert installation("connector", "try", source, "--subject", OWNER).exit_code == 2
    malformed = installation("connector", "try", "identity", "--subject", "123")
    assert malformed.exit_code == 2
    assert citizen_number.parse(OWNER).value == OWNER


def test_doctor_looks_at_installed_adapters(installation: Installation) -> None:
    done = installation("doctor", "--json")
    [line] = [line for line in json.loads(done.stdout) if "adapters" in line["check"]]
    assert line["ok"]


def test_files_are_listed_with_what_is_wrong_with_those_that_are_not_used(own_installation: Installation) -> None:
    drop = own_installation.folder / "drop"
    assert own_installation("connector", "try", "identity", "--subject", OWNER).exit_code == 0
    [line] = own_installation.json("connector", "files")
    assert (line["source"], line["state"], line["file"]) == ("identity", "answers", "people.csv")
    assert own_installation("connector", "files").exit_code == 0
    (drop / "people.csv").write_text(f"号码,姓名,住址\n{REAL},欧阳真名\n", "utf-8")
    assert own_installation("connector", "try", "identity", "--subject", OWNER).exit_code == 0  # by the last good file
    done = own_installation("connector", "files", "identity", "--reports")
    assert done.exit_code == 1
    assert "第 2 行：列数与表头不符 / line 2" in done.output
    assert "真名" not in done.output
    assert REAL not in done.output
    unknown = own_installation("connector", "files", "nobody")
    assert (unknown.exit_code, "nobody" in unknown.output) == (2, True)


def test_files_on_a_server_are_tried_asked_and_listed_too(
    own_installation: Installation, sftp_server: SftpServer, tmp_path
) -> None:
    sftp_server.honest()
    drop = sftp_server.folder / tmp_path.name
    drop.mkdir()
    (drop / "people.csv").write_text(f"号码,姓名,住址\n{OWNER},陈远方,演示区一号\n", "utf-8")
    (own_installation.folder / "secrets" / "drop").write_text("a word for the drop\n", "utf-8")
    documents = manifests(own_installation.folder / "drop")
    [described] = [one for one in documents if one["kind"] == "Connector"]
    del described["spec"]["files"]["folder"]
    described["spec"]["files"]["sftp"] = sftp_server.settings(f"/{drop.name}")
    catalogue = own_installation.file("catalogue.yaml", yaml.safe_dump_all(documents, allow_unicode=True))
    tried = own_installation.json(
        "connector", "try", str(own_installation.file("one.yaml", yaml.safe_dump(described))), "--subject", OWNER
    )
    assert tried["answer"]["outcome"] == "found"
    applied = own_installation("catalogue", "apply", catalogue)
    assert applied.exit_code == 0, applied.output
    [asked] = own_installation.json("connector", "health")
    assert (asked["ok"], asked["code"]) == (True, "not-found")
    seen = own_installation.json("connector", "try", "identity", "--subject", OWNER)
    assert seen["released"]["name"]["value"] == "陈远方"
    [line] = own_installation.json("connector", "files")
    assert (line["state"], line["file"], line["rows"]) == ("answers", "people.csv", 1)
    sftp_server.password = "another"
    stuck = own_installation("connector", "health", "--json")
    [asked] = json.loads(stuck.stdout)  # what was fetched answers on; that no newer file can be, is told
    assert (stuck.exit_code, asked["ok"], asked["reason"]) == (1, False, "refused")
    written = datetime.fromtimestamp(int((drop / "people.csv").stat().st_mtime), UTC)
    assert (datetime.fromisoformat(asked["as_of"]), asked["since"] is None) == (written, False)
    assert own_installation.json("connector", "try", "identity", "--subject", OWNER)["answer"]["outcome"] == "found"
    [again] = json.loads(own_installation("connector", "health", "--json").stdout)
    assert again["since"] == asked["since"]
    done = own_installation("connector", "files", "--json")
    assert done.exit_code == 1
    told = {line["state"]: line["reason"] for line in json.loads(done.stdout)}
    assert told == {"answers": "", "unreachable": "source.misconfigured refused"}
    sftp_server.honest()
    [asked] = own_installation.json("connector", "health")
    assert (asked["ok"], asked["since"]) == (True, None)
    assert own_installation("connector", "files").exit_code == 0


def test_a_manifest_is_proposed_and_says_what_is_left_to_fill_in(tmp_path) -> None:
    sample = tmp_path / "people.csv"
    sample.write_text(f"公民身份号码,姓名\n{OWNER},陈示例\n", "utf-8")
    done = run("connector", "scaffold", "sample", sample, "--name", "people")
    assert done.exit_code == 0
    assert yaml.safe_load(done.stdout)["spec"]["files"]["subject_column"] == "公民身份号码"
    assert "填写" in done.stdout
    assert OWNER not in done.stdout
    assert "陈示例" not in done.stdout
    told = json.loads(run("connector", "scaffold", "sample", sample, "--json").stdout)
    assert "spec.evidence_type" in told["marks"]
    for place, missing in (("sftp", "key_secret"), ("s3", "key_id")):
        elsewhere = json.loads(run("connector", "scaffold", "sample", sample, "--place", place, "--json").stdout)
        assert f"spec.files.{place}.{missing}" in elsewhere["marks"]
        assert "folder" not in elsewhere["manifest"]["spec"]["files"]
    (tmp_path / "api.yaml").write_text("[not an object]", "utf-8")
    for words in (
        ("table", "sqlite:///people.sqlite3"),
        ("table", f"sqlite:///{tmp_path}/none.sqlite3", "people"),
        ("openapi", tmp_path / "api.yaml"),
        ("openapi", tmp_path / "none.yaml"),
        ("wsdl", sample),
        ("sample", sample, "--encoding", "latin-1"),
    ):
        assert run("connector", "scaffold", *words).exit_code == 2


def test_a_fixed_width_sample_is_told_by_widths_and_whoever_gives_none_is_told_to(tmp_path: Path) -> None:
    sample = tmp_path / "people.dat"
    rows = [[OWNER, "示例" + "子" * at, "1980-01-02"] for at in range(3)]
    sample.write_bytes(fixed_width_bytes(rows, [20, 12, 10], "gb18030", "bytes"))
    scaffold = ("connector", "scaffold", "sample", sample, "--encoding", "gb18030")
    asked = run(*scaffold)
    assert asked.exit_code == 2
    assert "--widths 18,20,8" in asked.stderr
    assert "--widths header" in asked.stderr
    layout = json.loads(run(*scaffold, "--widths", "20,12,10", "--json").stdout)["manifest"]["spec"]["files"]["layout"]
    assert layout["unit"] == "bytes"
    assert layout["columns"][2] == {"name": "column_3", "from": 33, "to": 42}
    for widths, said in (("20,12", "--widths"), ("header", "18,20,8"), ("20,x", "header"), ("0", "header")):
        refused = run(*scaffold, "--widths", widths)
        assert refused.exit_code == 2
        assert said in refused.stderr
        assert OWNER not in refused.stderr
    named = [["证件号码", "姓名", "出生日期"], *rows]
    sample.write_bytes(fixed_width_bytes(named, [20, 12, 10], "gb18030", "bytes"))
    proposed = yaml.safe_load(run(*scaffold, "--widths", "header").stdout)["spec"]
    assert proposed["files"]["subject_column"] == "证件号码"
    assert proposed["files"]["skip_rows"] == 1
    assert proposed["mapping"]["fields"]["name"] == {"column": "姓名", "normalise": "name"}


def test_a_source_that_asks_the_person_is_tried_with_answers(own_installation: Installation) -> None:
    drop = own_installation.folder / "drop"
    rows = f"{OWNER},陈示例,演示区一号\n{OWNER},陈另一,演示区二号\n"
    (drop / "people.csv").write_text("号码,姓名,住址\n" + rows, "utf-8")
    [document] = [one for one in manifests(drop) if one["kind"] == "Connector"]
    question = {"name": "street", "label": {"zh": "住址", "en": "Address"}, "type": "text", "example": "演示区一号"}
    document["spec"]["further"] = {"when": ["ambiguous"], "questions": [question]}
    document["spec"]["files"]["where"] = {"住址": "{street}"}
    draft = own_installation.file("draft.yaml", yaml.safe_dump(document, allow_unicode=True))
    tried = ("connector", "try", draft, "--subject", OWNER)
    assert own_installation(*tried).exit_code == 1
    seen = own_installation.json(*tried, "--answer", "street=演示区二号")
    assert seen["came"] == [{"姓名": "陈另一", "住址": "演示区二号"}]
    for wrong in ("street", "street=", "road=演示区二号"):
        assert own_installation(*tried, "--answer", wrong).exit_code == 2
    assert own_installation(*tried[:2], "identity", *tried[3:], "--answer", "street=x").exit_code == 2


def test_another_exchange_is_tried_with_answers_to_what_it_may_ask(own_installation: Installation) -> None:
    with AskingExchange() as other:
        other.records = {OWNER: [{"name": "陈另一"}]}
        [document] = [one for one in manifests(own_installation.folder / "drop") if one["kind"] == "Connector"]
        spec = register_of(other, document, "district")["spec"]
        del spec["files"]
        spec["mapping"] = {"fields": {"name": {"column": "name"}}}
        (own_installation.folder / "secrets" / "key").write_text(json.dumps(PRIVATE), "utf-8")
        draft = own_installation.file("draft.yaml", yaml.safe_dump(document, allow_unicode=True))
        tried = ("connector", "try", draft, "--subject", OWNER)
        unanswered = own_installation(*tried, "--json")
        assert json.loads(unanswered.stdout)["answer"]["code"] == "source.needs-answers"
        assert own_installation.json(*tried, "--answer", "district=500107")["came"] == [{"name": "陈另一"}]
        assert own_installation(*tried, "--answer", "year=2001").exit_code == 2
        assert other.told == [RIGHT]
