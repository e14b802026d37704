"""The witness (C2SP tlog-witness): what it answers, that it remembers before it answers, and that it is not fooled."""

from __future__ import annotations

import http.client
import threading
from collections.abc import Iterator
from datetime import UTC, datetime
from hashlib import sha256
from pathlib import Path

import pytest
from cryptography.hazmat.primitives.asymmetric.ed25519 import Ed25519PrivateKey
from cryptography.hazmat.primitives.serialization import Encoding, PublicFormat

from kernel.clock import ManualClock
from kernel.ledger import checkpoint
from kernel.ledger.merkle import EMPTY_ROOT
from tests.unit.tongban.conftest import Installation, run
from tongban.witness import Cosigner, State, StateUnusable, Witness, serve
from tongban.witness.protocol import Answer, request

ORIGIN = "ledger.example/v1/ledger"
AT = datetime.fromtimestamp(1_800_000_000, UTC)


class Log:
    """A log in memory, with RFC 6962 as its definition is written, so that a mistake of ours is not repeated here."""

    def __init__(self, *leaves: bytes, seed: int = 0) -> None:
        self.leaves = list(leaves)
        self._key = Ed25519PrivateKey.from_private_bytes(bytes(range(seed, seed + 32)))
        self.public_key = self._key.public_key().public_bytes(Encoding.Raw, PublicFormat.Raw)
        self.vkey = checkpoint.vkey(ORIGIN, self.public_key)

    def sign(self, message: bytes) -> bytes:
        return self._key.sign(message)

    def note(self, size: int | None = None) -> str:
        leaves = self.leaves if size is None else self.leaves[:size]
        return checkpoint.sign(ORIGIN, len(leaves), root(leaves), self)

    def proof(self, old: int) -> list[bytes]:
        return subproof(old, self.leaves, whole=True)


def root(leaves: list[bytes]) -> bytes:
    if not leaves:
        return EMPTY_ROOT
    if len(leaves) == 1:
        return sha256(b"\x00" + leaves[0]).digest()
    half = split(len(leaves))
    return sha256(b"\x01" + root(leaves[:half]) + root(leaves[half:])).digest()


def split(count: int) -> int:
    return 1 << ((count - 1).bit_length() - 1)


def subproof(old: int, leaves: list[bytes], *, whole: bool) -> list[bytes]:
    """RFC 6962 §2.1.2."""
    if old == len(leaves):
        return [] if whole else [root(leaves)]
    half = split(len(leaves))
    if old <= half:
        return [*subproof(old, leaves[:half], whole=whole), root(leaves[half:])]
    return [*subproof(old - half, leaves[half:], whole=False), root(leaves[:half])]


LEAVES = [f"leaf-{number}".encode() for number in range(20)]


@pytest.fixture
def state(tmp_path: Path) -> State:
    return State(tmp_path / "witness")


def cosigner() -> Cosigner:
    return Cosigner("witness.example/w1", Ed25519PrivateKey.from_private_bytes(bytes(range(32, 64))))


def witness_of(state: State, log: Log) -> Witness:
    return Witness(cosigner(), state, {ORIGIN: log.vkey}, ManualClock(AT))


def add(witness: Witness, log: Log, old: int, size: int, proof: list[bytes] | None = None) -> Answer:
    grown = Log(*log.leaves[:size])
    given = (grown.proof(old) if 0 < old <= size else []) if proof is None else proof
    return witness.add(request(old, given, grown.note()))


def test_the_cosignature_is_the_published_vector_byte_for_byte(state: State) -> None:
    log = Log(*LEAVES[:3])
    line = (
        "— witness.example/w1 IDJKvgAAAABrSdIAoosruMnpTi/T4SZsmmv5Zbv+hM3UcRq5MYQEY2acT6S1yP8h0/wp5S1JQ8nF88lKtyudiV5N"
        "yA7duz0ab4SUCw==\n"
    )
    assert cosigner().vkey == "witness.example/w1+20324abe+BCmsuuFBvMrwsi4alNNNC8c2HlJtC/4SyJeUvJMilm3X"
    assert witness_of(state, log).add(request(0, [], log.note())) == Answer(200, line)
    assert state.newest(ORIGIN) == log.note() + line


def test_a_log_that_grows_is_cosigned_at_every_size(state: State) -> None:
    log = Log(*LEAVES)
    witness = witness_of(state, log)
    old = 0
    for size in (0, 1, 2, 3, 3, 7, 8, 13, 20):
        assert add(witness, log, old, size).status == 200, size
        old = size
        assert witness.known_size(ORIGIN) == size


def test_a_rollback_is_refused_and_forgets_nothing(state: State) -> None:
    log = Log(*LEAVES)
    witness = witness_of(state, log)
    assert add(witness, log, 0, 13).status == 200
    rolled_back = add(witness, log, 5, 5)
    assert (rolled_back.status, rolled_back.body) == (409, "13\n")
    assert rolled_back.content_type == "text/x.tlog.size"
    assert add(witness, log, 13, 5).status == 400  # old size > checkpoint size
    assert witness.known_size(ORIGIN) == 13


@pytest.mark.parametrize("size", [13, 14, 20])
def test_a_fork_under_the_logs_own_key_is_refused(state: State, size: int) -> None:
    log = Log(*LEAVES)
    witness = witness_of(state, log)
    assert add(witness, log, 0, 13).status == 200
    forked = Log(*LEAVES[:4], b"another history", *LEAVES[5:])
    assert add(witness, forked, 13, size).status == 422
    assert witness.known_size(ORIGIN) == 13
    assert add(witness, log, 13, 20).status == 200


@pytest.mark.parametrize(
    ("old", "size", "proof", "status"),
    [
        (0, 3, [bytes(32)], 422),  # a proof where none is needed
        (5, 5, [], 409),  # not what we know
        (9, 5, [], 400),
    ],
)
def test_the_answers_are_those_of_the_table(state: State, old: int, size: int, proof: list[bytes], status: int) -> None:
    assert add(witness_of(state, Log(*LEAVES)), Log(*LEAVES), old, size, proof).status == status
    assert state.newest(ORIGIN) is None


def test_a_proof_that_is_too_short_or_too_long_is_refused(state: State) -> None:
    log = Log(*LEAVES)
    witness = witness_of(state, log)
    assert add(witness, log, 0, 6).status == 200
    good = log.proof(6)
    for bad in (good[:-1], [*good, bytes(32)], [bytes(32), *good[1:]], []):
        assert add(witness, log, 6, 20, bad).status == 422
    assert add(witness, log, 6, 20, good).status == 200


def test_a_size_of_zero_with_another_root_is_refused(state: State) -> None:
    log = Log()
    note = checkpoint.sign(ORIGIN, 0, bytes(32), log)
    assert witness_of(state, log).add(request(0, [], note)).status == 422


def test_another_key_or_another_log_is_refused(state: State) -> None:
    log, stranger = Log(*LEAVES), Log(*LEAVES, seed=7)
    witness = witness_of(state, log)
    assert witness.add(request(0, [], stranger.note())).status == 403
    assert witness.add(request(0, [], log.note())).status == 200
    other = checkpoint.sign("other.example/log", 20, root(LEAVES), log)
    assert witness.add(request(0, [], other)).status == 404
    broken = log.note().replace(ORIGIN + "\n20", ORIGIN + "\n19")
    assert witness.add(request(20, [], broken)).status == 403


@pytest.mark.parametrize(
    "body",
    [
        b"",
        b"old 1",
        b"old -1\n\nx",
        b"old 01\n\nx",
        b"new 0\n\nx",
        b"old 0\nnot base64\n\nx\n0\nx\n\n",
        b"old 0\n" + b"AAAA\n" + b"\nx",
        b"\xff\n\nx",
        b"old 0\n" + b"AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=\n" * 64 + b"\nx",
        b"x" * (1 << 17),
    ],
)
def test_what_is_no_request_is_a_400(state: State, body: bytes) -> None:
    assert witness_of(state, Log(*LEAVES)).add(body).status == 400


def test_nothing_is_cosigned_that_is_not_durable_first(state: State, monkeypatch: pytest.MonkeyPatch) -> None:
    log = Log(*LEAVES)
    witness = witness_of(state, log)

    def full(_self: State, _origin: str, _note: str) -> None:
        raise OSError(28, "No space left on device")

    with monkeypatch.context() as patched:
        patched.setattr(State, "remember", full)
        with pytest.raises(OSError, match="No space"):
            add(witness, log, 0, 5)
    assert witness.known_size(ORIGIN) == 0
    assert add(witness_of(state, log), log, 0, 5).status == 200
    assert witness_of(state, log).known_size(ORIGIN) == 5, "another process finds it"


def test_of_many_that_extend_the_same_checkpoint_one_is_cosigned(state: State) -> None:
    log = Log(*LEAVES)
    witnesses = [witness_of(state, log) for _ in range(8)]
    answers: list[int] = []
    threads = [
        threading.Thread(target=lambda each=each, size=size: answers.append(add(each, log, 0, size).status))
        for size, each in enumerate(witnesses, start=5)
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert sorted(answers) == [200, *[409] * 7]


def test_a_name_has_one_key_and_a_folder_one_name(tmp_path: Path) -> None:
    first = State(tmp_path / "w").cosigner("w.example/1")
    assert State(tmp_path / "w").cosigner(None).vkey == first.vkey
    assert (tmp_path / "w" / "cosigner.json").stat().st_mode & 0o077 == 0
    with pytest.raises(StateUnusable):
        State(tmp_path / "w").cosigner("w.example/2")
    with pytest.raises(StateUnusable):
        State(tmp_path / "new").cosigner("with blank")
    (tmp_path / "w" / "cosigner.json").write_text("{}", encoding="utf-8")
    with pytest.raises(StateUnusable):
        State(tmp_path / "w").cosigner(None)


@pytest.fixture
def address(state: State) -> Iterator[tuple[str, int]]:
    server = serve(witness_of(state, Log(*LEAVES)), "127.0.0.1", 0)
    thread = threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.01})
    thread.start()
    yield ("127.0.0.1", server.server_port)
    server.shutdown()
    thread.join()
    server.server_close()


def ask(address: tuple[str, int], method: str, path: str, body: bytes | None = None) -> tuple[int, str, str]:
    connection = http.client.HTTPConnection(*address, timeout=10)
    connection.request(method, path, body)
    answer = connection.getresponse()
    text = answer.read().decode()
    connection.close()
    return answer.status, text, answer.getheader("Content-Type", "")


def test_over_http_it_speaks_tlog_witness(address: tuple[str, int]) -> None:
    log = Log(*LEAVES[:5])
    newest = f"/{sha256(ORIGIN.encode()).hexdigest()}/checkpoint"
    assert ask(address, "GET", newest)[0] == 404
    status, line, _ = ask(address, "POST", "/add-checkpoint", request(0, [], log.note()))
    assert status == 200
    assert ask(address, "GET", newest)[1] == log.note() + line
    assert ask(address, "POST", "/add-checkpoint", request(0, [], log.note())) == (409, "5\n", "text/x.tlog.size")
    assert ask(address, "POST", "/elsewhere", b"")[0] == 404
    assert ask(address, "GET", "/x")[0] == 404
    assert ask(address, "POST", "/add-checkpoint", b"x" * (1 << 17))[0] == 400


def test_the_command_fetches_once_and_says_no_to_a_log_that_was_rolled_back(
    installation: Installation, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    from tongban.witness import fetching

    key = installation.json("ledger", "checkpoint")["key"]
    grown = Log(*LEAVES)
    served = {"log": grown}

    class Answered:
        def __init__(self, text: str, value: object = None) -> None:
            self.text, self.value, self.ok = text, value, True

        def json(self) -> object:
            return self.value

    def get(address: str, **_: object) -> Answered:
        from base64 import b64encode
        from urllib.parse import parse_qs, urlsplit

        if address.endswith("/checkpoint"):
            return Answered(served["log"].note())
        old = int(parse_qs(urlsplit(address).query)["from"][0])
        return Answered("", {"proof": [b64encode(one).decode() for one in served["log"].proof(old)]})

    monkeypatch.setattr(fetching.requests, "get", get)
    words = ["ledger", "witness", "--state", tmp_path / "w", "--log", grown.vkey, "--log", key]
    words += ["--url", "http://127.0.0.1:9/v1/ledger"]
    served["log"] = Log(*LEAVES[:9])
    done = run(*words, "--name", "w.example/1")
    assert done.exit_code == 0, done.output
    assert done.stdout.startswith(served["log"].note())
    served["log"] = grown
    assert run(*words, "--json").exit_code == 0
    for bad in (Log(*LEAVES[:9]), Log(*LEAVES[:19], b"another")):
        served["log"] = bad
        done = run(*words)
        assert done.exit_code == 1, done.output
    served["log"] = grown
    assert run(*words).exit_code == 0
