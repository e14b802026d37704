"""The guide's manifests are manifests: every example fits the schema and compiles."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

from connectors.errors import SourceProblem
from connectors.manifest import SCHEMA
from connectors.registry import STANDARD, findings
from kernel.manifests import load

GUIDE = Path(__file__).parents[3] / "docs" / "guides" / "add-a-source.md"
EXAMPLES = re.findall(r"```yaml\n(.*?)```", GUIDE.read_text("utf-8"), re.DOTALL)


@pytest.mark.parametrize("example", EXAMPLES)
def test_every_example_of_the_guide_fits(tmp_path: Path, example: str) -> None:
    path = tmp_path / "example.yaml"
    path.write_text(example, "utf-8")
    (document,) = load(path)
    assert document.kind == "Connector"
    assert document.locate(findings(document.value)) == []


def test_the_guide_has_an_example_of_each_adapter_and_names_every_key_and_problem() -> None:
    text = GUIDE.read_text("utf-8")
    assert len(EXAMPLES) >= 7
    for adapter in ("ldap", "jws", "soap", "exchange", "manual"):
        assert f"adapter: {adapter}" in text
        schema = STANDARD[adapter].settings_schema or {}
        assert [key for key in schema["properties"] if key not in text] == []
    for adapter in ("sql", "rest", "files"):
        assert f"adapter: {adapter}" in text
        assert [key for key in SCHEMA["$defs"][adapter]["properties"] if key not in text and key != "method"] == []
    for part in ("limits", "rule", "auth", "paging", "xml", "sftp", "s3", "further", "question"):
        assert [key for key in SCHEMA["$defs"][part]["properties"] if key not in text] == []
    assert [problem.kind.code for problem in SourceProblem.__subclasses__() if problem.kind.code not in text] == []
