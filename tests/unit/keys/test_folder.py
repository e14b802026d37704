"""The files of a ring: private, whole, and never overwritten."""

from __future__ import annotations

import json
import os
import stat
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from kernel import jose
from kernel.clock import ManualClock
from kernel.entropy import SeededEntropy
from kernel.keys import KeyRing, KeyRingDamaged, KeyRingError, KeyRingExists, KeyRingMissing, UnsafeKeyFile


@pytest.fixture
def load(folder: Path, clock: ManualClock) -> Callable[[], KeyRing]:
    return lambda: KeyRing.load(folder, clock=clock, entropy=SeededEntropy(2))


def file_of(folder: Path, purpose: str) -> Path:
    (path,) = folder.glob(f"{purpose}.*.json")
    return path


def rewrite(path: Path, change: Callable[[Any], Any]) -> None:
    path.write_text(json.dumps(change(json.loads(path.read_text()))))


def test_files_and_folder_belong_to_their_owner_alone(ring: KeyRing, folder: Path) -> None:
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    assert {stat.S_IMODE(path.stat().st_mode) for path in folder.iterdir()} == {0o600}
    assert ring.listing()


def test_the_manifest_holds_nothing_secret(ring: KeyRing, folder: Path) -> None:
    manifest = (folder / "manifest.json").read_text()
    for purpose in ("kek", "tag", "pairwise", "index"):
        assert json.loads(file_of(folder, purpose).read_text())["k"] not in manifest
    for purpose in ("jws", "jwe", "log"):
        assert json.loads(file_of(folder, purpose).read_text())["d"] not in manifest
    assert ring.signing().kid in manifest


def test_nothing_is_left_half_written(ring: KeyRing, folder: Path) -> None:
    ring.rotate("jws")
    assert list(folder.glob(".draft*")) == []


def test_a_failed_write_leaves_the_ring_as_it_was(
    ring: KeyRing, folder: Path, load: Callable[[], KeyRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    before = ring.listing()

    def full(_descriptor: int) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        ring.rotate("jws")
    monkeypatch.undo()
    assert ring.listing() == load().listing() == before
    assert list(folder.glob(".draft*")) == []
    assert ring.rotate("jws").state == "next"


def test_a_ring_is_never_overwritten(ring: KeyRing, folder: Path, clock: ManualClock) -> None:
    with pytest.raises(KeyRingExists):
        KeyRing.create(folder, clock=clock, entropy=SeededEntropy(3))
    assert ring.listing() == KeyRing.load(folder, clock=clock, entropy=SeededEntropy(3)).listing()


def test_no_ring(load: Callable[[], KeyRing], ring: KeyRing, folder: Path, clock: ManualClock) -> None:
    (folder / "manifest.json").unlink()
    with pytest.raises(KeyRingMissing):
        load()
    with pytest.raises(KeyRingMissing):
        ring.ready()
    with pytest.raises(KeyRingMissing):
        ring.rotate("jws")
    clock.advance(1)
    with pytest.raises(KeyRingMissing):
        ring.signing()


def test_a_healthy_ring_is_ready(ring: KeyRing) -> None:
    ring.ready()


@pytest.mark.parametrize("mode", [0o640, 0o604, 0o644, 0o660, 0o777])
def test_a_private_key_others_may_read_is_refused_by_name(
    mode: int, ring: KeyRing, folder: Path, load: Callable[[], KeyRing]
) -> None:
    path = file_of(folder, "jws")
    path.chmod(mode)
    with pytest.raises(UnsafeKeyFile, match=path.name):
        load()


@pytest.mark.parametrize("purpose", ["jws", "jwe", "log", "kek"])
@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"kid":"x","kid":"y"}', "\ud800"])
def test_a_damaged_private_file_is_named(
    purpose: str, content: str, ring: KeyRing, folder: Path, load: Callable[[], KeyRing]
) -> None:
    path = file_of(folder, purpose)
    path.write_bytes(content.encode("utf-8", "surrogatepass"))
    with pytest.raises(KeyRingDamaged, match=f"{purpose}"):
        load()


@pytest.mark.parametrize("purpose", ["jws", "log", "tag"])
def test_a_missing_private_file_is_named(
    purpose: str, ring: KeyRing, folder: Path, load: Callable[[], KeyRing]
) -> None:
    path = file_of(folder, purpose)
    path.unlink()
    with pytest.raises(KeyRingDamaged, match=path.name):
        load()


@pytest.mark.parametrize(
    ("purpose", "change"),
    [
        ("jws", {"kid": "another"}),
        ("jws", {"x": "AAAA"}),
        ("jws", {"d": "AAAA"}),
        ("jws", {"use": "enc"}),
        ("jwe", {"d": 5}),
        ("log", {"d": "AAAA"}),
        ("kek", {"k": "AAAA"}),
        ("kek", {"k": "!"}),
        ("kek", {"k": None}),
        ("kek", {"kid": "another"}),
    ],
)
def test_a_file_with_another_key_than_the_manifest_names(
    purpose: str, change: dict[str, Any], ring: KeyRing, folder: Path, load: Callable[[], KeyRing]
) -> None:
    rewrite(file_of(folder, purpose), lambda content: content | change)
    with pytest.raises(KeyRingDamaged, match=purpose):
        load()


def test_a_swapped_private_half_is_found(ring: KeyRing, folder: Path, load: Callable[[], KeyRing]) -> None:
    stranger = jose.generate_p256(SeededEntropy(99))
    rewrite(file_of(folder, "jws"), lambda content: content | {"d": stranger["d"]})
    with pytest.raises(KeyRingDamaged):
        load()


@pytest.mark.parametrize(
    "manifest",
    [
        "",
        "{}",
        "[]",
        '{"version": 2, "keys": []}',
        '{"version": 1, "keys": {}}',
        '{"version": 1, "keys": [5]}',
        '{"version": 1, "keys": [{}]}',
    ],
)
def test_a_damaged_manifest(manifest: str, ring: KeyRing, folder: Path, load: Callable[[], KeyRing]) -> None:
    (folder / "manifest.json").write_text(manifest)
    with pytest.raises(KeyRingDamaged, match=r"manifest\.json"):
        load()


@pytest.mark.parametrize(
    "change",
    [
        {"purpose": "cookie"},
        {"kid": "../../etc/passwd"},
        {"kid": ".hidden"},
        {"kid": ""},
        {"kid": None},
        {"not_before": None},
        {"not_before": "soon"},
        {"not_before": "2026-11-24T08:00:00"},
        {"retire_at": 5},
        {"public": "text"},
    ],
)
def test_a_record_that_is_not_one(
    change: dict[str, Any], ring: KeyRing, folder: Path, load: Callable[[], KeyRing]
) -> None:
    rewrite(folder / "manifest.json", lambda content: content | {"keys": [content["keys"][0] | change]})
    with pytest.raises(KeyRingDamaged, match=r"manifest\.json"):
        load()


def test_a_key_removed_while_the_ring_is_read_is_read_again(
    ring: KeyRing, folder: Path, load: Callable[[], KeyRing], monkeypatch: pytest.MonkeyPatch
) -> None:
    original = Path.read_bytes
    raced: list[Path] = []

    def read_bytes(path: Path) -> bytes:
        content = original(path)
        if path.name == "manifest.json" and not raced:
            raced.append(path)
            ring.revoke(ring.signing().kid)  # between the manifest and the file it names
        return content

    monkeypatch.setattr(Path, "read_bytes", read_bytes)
    assert load().signing() == ring.signing()


def test_a_whole_other_key_under_the_same_name_is_found(
    ring: KeyRing, folder: Path, load: Callable[[], KeyRing]
) -> None:
    stranger = jose.generate_p256(SeededEntropy(99))
    rewrite(file_of(folder, "jws"), lambda content: content | stranger)
    with pytest.raises(KeyRingDamaged, match="another key"):
        load()


def test_errors_show_no_key(ring: KeyRing, folder: Path, load: Callable[[], KeyRing]) -> None:
    path = file_of(folder, "jws")
    secret = json.loads(path.read_text())["d"]
    rewrite(path, lambda content: content | {"x": content["y"]})
    with pytest.raises(KeyRingError) as caught:
        load()
    assert secret not in str(caught.value)
    assert secret not in repr(ring.signing())
    assert caught.value.__cause__ is None


def test_a_signer_shows_nothing_of_itself(ring: KeyRing) -> None:
    assert "_private" not in repr(ring.log_signer())
