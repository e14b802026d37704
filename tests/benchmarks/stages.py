"""The stages: which contenders stand side by side, started together and loaded in turn."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.cases import GOVERNED, IDENTITY, IDENTITY_POSTGRESQL, Case
from tests.benchmarks.contender import Contender, NotRun
from tests.benchmarks.exchange import TongbanExchange
from tests.benchmarks.identity import TongbanIdentity, TongbanIdentityPostgresql
from tests.benchmarks.peers.naive.peer import NaiveExchange
from tests.benchmarks.peers.oidc_provider.peer import OidcProvider
from tests.benchmarks.processes import NotReady, Processes
from tests.benchmarks.runner import Plan, Result, Runner, Say


@dataclass(frozen=True)
class Stage:
    """Our contender and its peer."""

    subject: Callable[..., Contender]
    peer: Callable[[], Contender]
    peer_name: str


STAGES = {
    IDENTITY: Stage(TongbanIdentity, OidcProvider, OidcProvider.name),
    IDENTITY_POSTGRESQL: Stage(TongbanIdentityPostgresql, OidcProvider, OidcProvider.name),
    GOVERNED: Stage(TongbanExchange, NaiveExchange, NaiveExchange.name),
}


def perform(
    stage: Stage, cases: Sequence[Case], plan: Plan, folder: Path, say: Say
) -> tuple[list[Result], dict[str, str]]:
    """Start, run the cases, stop; results and the peer's versions. Raises CheckFailed, NotReady of ours."""
    with Processes(folder / "logs") as processes:
        subject, peer = stage.subject(), stage.peer()
        subject.start(processes, folder)
        reason = started(peer, processes, folder)
        runner = Runner(processes, plan, say)
        results = [runner.run(case, subject, None if reason else peer, reason) for case in cases]
        return results, {} if reason else dict(peer.versions())


def started(peer: Contender, processes: Processes, folder: Path) -> str:
    """Start a peer; "" when it runs, otherwise why it does not and how to install it."""
    try:
        peer.start(processes, folder)
    except (NotRun, NotReady) as missing:
        return str(missing)
    return ""
