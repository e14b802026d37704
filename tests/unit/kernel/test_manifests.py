"""Manifests know where they stand: every finding is ``file:line: path: message``, in both languages."""

from __future__ import annotations

import contextlib
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from kernel.manifests import Document, ManifestError, dotted, load, validate

SCHEMA = {
    "type": "object",
    "required": ["kind", "spec"],
    "additionalProperties": False,
    "properties": {
        "kind": {"const": "Fruit"},
        "spec": {
            "type": "object",
            "required": ["name"],
            "additionalProperties": False,
            "properties": {
                "name": {
                    "type": "string",
                    "minLength": 2,
                    "pattern": "^[a-z]+$",
                    "description": "小写字母 / small letters",
                },
                "columns": {"type": "array", "items": {"type": "string"}},
                "grade": {"enum": ["A", "B"]},
                "weight": {"type": ["integer", "null"], "maximum": 9, "multipleOf": 2},
                "either": {"oneOf": [{"type": "boolean"}, {"type": "object", "required": ["deep"]}]},
            },
        },
    },
}


def written(folder: Path, text: str) -> Path:
    path = folder / "fruit.yaml"
    path.write_text(text, encoding="utf-8")
    return path


def only(folder: Path, text: str) -> Document:
    (document,) = load(written(folder, text))
    return document


def findings(folder: Path, text: str) -> list[str]:
    path = folder / "fruit.yaml"
    return [text.en.removeprefix(f"{path}:") for text in validate(only(folder, text), SCHEMA)]


def test_a_file_holds_several_objects_each_with_its_kind_and_lines(tmp_path: Path) -> None:
    first, second = load(written(tmp_path, "kind: Fruit\nspec:\n  name: plum\n---\nkind: Tree\n"))
    assert (first.kind, second.kind) == ("Fruit", "Tree")
    assert first.value == {"kind": "Fruit", "spec": {"name": "plum"}}
    assert first.line_of(("spec", "name")) == 3
    assert second.line_of(("kind",)) == 5


def test_a_folder_gives_all_its_manifests_in_the_order_of_their_names(tmp_path: Path) -> None:
    for name in ("b.yaml", "a.yml", "inner/c.yaml", "notes.txt"):
        (tmp_path / name).parent.mkdir(exist_ok=True)
        (tmp_path / name).write_text(f"kind: {name[0].upper()}")
    assert [document.kind for document in load(tmp_path)] == ["A", "B", "I"]


def test_a_missing_value_is_reported_where_its_surroundings_begin(tmp_path: Path) -> None:
    document = only(tmp_path, "kind: Fruit\nspec:\n  columns:\n    - a\n")
    assert document.line_of(("spec", "columns", 7)) == 3
    assert findings(tmp_path, "kind: Fruit\nspec:\n  columns: []\n") == ["2: spec: “name” missing"]


def test_findings_come_in_the_order_of_the_file_and_name_line_and_path(tmp_path: Path) -> None:
    text = "kind: Fruit\nspec:\n  name: Plum\n  colums: [a]\n  columns: [a, 1]\n  grade: C\n  weight: 11\n"
    assert findings(tmp_path, text) == [
        "3: spec.name: has another form than: 小写字母 / small letters",
        "4: spec.colums: unknown key; did you mean “columns”?",
        "5: spec.columns[1]: must be text (put digits in quotes)",
        "6: spec.grade: must be one of: A, B",
        "7: spec.weight: must be at most 9 in size or length",
        "7: spec.weight: does not satisfy multipleOf",
    ]


def test_of_several_alternatives_the_nearest_one_is_explained(tmp_path: Path) -> None:
    assert findings(tmp_path, "kind: Fruit\nspec:\n  name: plum\n  either: {}\n") == ["4: spec.either: “deep” missing"]


def test_every_finding_is_written_in_chinese_too(tmp_path: Path) -> None:
    (text,) = validate(only(tmp_path, "kind: Fruit\nspec:\n  name: plum\n  weight: 1.x\n"), SCHEMA)
    assert text.zh == f"{tmp_path / 'fruit.yaml'}:4: spec.weight: 应为整数或空值"


def test_what_fits_has_no_findings(tmp_path: Path) -> None:
    assert findings(tmp_path, "kind: Fruit\nspec: {name: plum, weight: 8, either: true}\n") == []


@pytest.mark.parametrize(
    "word", ["no", "yes", "on", "12:30", "2026-01-01", "0123", "0x1F", "C0109.1", "=", "1_000", "NULL"]
)
def test_the_surprises_of_yaml_1_1_are_plain_text(tmp_path: Path, word: str) -> None:
    assert only(tmp_path, f"value: {word}\n").value == {"value": word}


@pytest.mark.parametrize(
    ("text", "value"),
    [("~", None), ("null", None), ("", None), ("true", True), ("false", False), ("-12", -12), ("0", 0), ('"1"', "1")],
)
def test_the_json_scalars_are_themselves(tmp_path: Path, text: str, value: object) -> None:
    assert only(tmp_path, f"value: {text}\n").value == {"value": value}


def test_keys_are_text_as_written(tmp_path: Path) -> None:
    assert only(tmp_path, "codes: {1: male, 02: female}\n").value == {"codes": {"1": "male", "02": "female"}}


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\na: 2\n", "2: .: the key “a” is given twice"),
        ("a: &x 1\nb: *x\n", "1: .: anchors and aliases are not used here"),
        ("a: *x\n", "1: .: anchors and aliases are not used here"),
        ("a: !!python/object:os.system x\n", "1: .: YAML tags are not used here"),
        ("a: 1.5\n", "1: .: put fractions and long numbers in quotes"),
        ("a: 1e5\n", "1: .: put fractions and long numbers in quotes"),
        ("a: 500199199001010019\n", "1: .: put fractions and long numbers in quotes"),
        ("? [a]\n: 1\n", "1: .: a key must be text"),
        ("- a\n", "1: .: an object (key: value) is expected here"),
        ("a: [1,\n", "2: .: this is not valid YAML"),
        ("a: \x00\n", "1: .: it holds a character that is not allowed"),
        ("[" * 5000, "1: .: it is nested too deeply"),
    ],
)
def test_other_yaml_is_refused_with_its_place(tmp_path: Path, text: str, message: str) -> None:
    with pytest.raises(ManifestError) as refused:
        load(written(tmp_path, text))
    (finding,) = refused.value.findings
    assert finding.en.removeprefix(f"{tmp_path / 'fruit.yaml'}:").startswith(message)
    assert finding.zh != finding.en


def test_a_file_that_cannot_be_read_is_refused(tmp_path: Path) -> None:
    with pytest.raises(ManifestError, match="does not exist"):
        load(tmp_path / "none.yaml")
    (tmp_path / "gbk.yaml").write_bytes("名称: 甲".encode("gb18030"))
    with pytest.raises(ManifestError, match="not UTF-8"):
        load(tmp_path / "gbk.yaml")
    (tmp_path / "big.yaml").write_bytes(b"#" * ((1 << 20) + 1))
    with pytest.raises(ManifestError, match="larger than 1 MiB"):
        load(tmp_path / "big.yaml")


def test_paths_are_written_with_dots_and_brackets() -> None:
    assert dotted(()) == "."
    assert dotted(("spec", "columns", 2, "name")) == "spec.columns[2].name"


@given(text=st.text(max_size=200))
def test_any_text_is_read_or_refused_never_a_crash(tmp_path_factory: pytest.TempPathFactory, text: str) -> None:
    path = tmp_path_factory.getbasetemp() / "any.yaml"
    path.write_text(text, encoding="utf-8")
    with contextlib.suppress(ManifestError):
        assert all(document.line_of(()) >= 1 for document in load(path))
