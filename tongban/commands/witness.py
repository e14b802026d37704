"""``tongban ledger witness``: remember a log's newest checkpoint and cosign only what extends it."""

from __future__ import annotations

from pathlib import Path

import click

from kernel.clock import SystemClock
from kernel.ledger.verify import VerificationFailed
from kernel.ledger.verify.note import parse_vkey
from tongban.output import json_option, say_no, write_json, wrong
from tongban.witness import LogUnusable, State, StateUnusable, Witness, fetch_and_add, serve


@click.command()
@click.option("--state", type=click.Path(file_okay=False, path_type=Path), required=True, help="状态目录 / its folder")
@click.option("--log", "vkeys", multiple=True, required=True, help="日志公钥 / a log's verifier key (/v1/ledger/key)")
@click.option("--name", help="见证人的名字，首次运行时给出 / the witness's name, given the first time")
@click.option("--url", help="到这个日志取检查点一次 / fetch once from this log, such as https://H/v1/ledger")
@click.option("--listen", help="主机:端口；持续运行 / host:port; stay and answer POST /add-checkpoint")
@json_option
def witness(
    state: Path, vkeys: tuple[str, ...], name: str | None, url: str | None, listen: str | None, as_json: bool
) -> None:
    """见证一本账：只为接得上的检查点副署 / Witness a log (C2SP tlog-witness). Status 1: it was rewritten.

    The state is durable before a cosignature is given. Run it on another machine than the log's.

    Example: tongban ledger witness --state /srv/witness --name witness.example/w1 --log VKEY --url https://H/v1/ledger
    """
    if (url is None) == (listen is None):
        wrong("请给出 --url（取一次）或 --listen（持续运行）之一", "give either --url (once) or --listen (stay).")
    try:
        opened = State(state)
        cosigner = opened.cosigner(name)
        witness_ = Witness(cosigner, opened, logs_of(vkeys), SystemClock())
        click.echo(f"见证人公钥 / witness key: {cosigner.vkey}", err=True)
        if listen is not None:
            stay(witness_, listen)
        once(witness_, str(url).rstrip("/"), as_json=as_json)
    except (StateUnusable, LogUnusable) as trouble:
        wrong(trouble.text.zh, trouble.text.en)


def logs_of(vkeys: tuple[str, ...]) -> dict[str, str]:
    """Verifier keys by origin, or exit status 2."""
    try:
        return {parse_vkey(vkey).name: vkey for vkey in vkeys}
    except VerificationFailed as failure:
        wrong(f"--log {failure.reason.zh}", f"--log: {failure.reason.en}.")


def once(judge: Witness, address: str, *, as_json: bool) -> None:
    """Fetch, judge, print the cosigned checkpoint; exit status 1 when the log does not extend what was seen."""
    note, answer = fetch_and_add(judge, address)
    if answer.status != 200:
        say_no(
            f"未副署（{answer.status}）：日志与此前所见矛盾", f"not cosigned ({answer.status}): {answer.body.strip()}"
        )
    if as_json:
        write_json({"cosigned": True, "checkpoint": note + answer.body, "cosignature": answer.body})
        return
    click.echo(note + answer.body, nl=False)


def stay(judge: Witness, listen: str) -> None:
    """Answer ``POST /add-checkpoint`` until told to stop."""
    host, _, port = listen.rpartition(":")
    if not port.isdecimal():
        wrong("--listen 须为 主机:端口", "--listen is host:port, such as 127.0.0.1:8480.")
    try:
        server = serve(judge, host or "127.0.0.1", int(port))
    except (OSError, OverflowError) as error:
        wrong(f"无法监听 {listen}：{error}", f"cannot listen on {listen}: {error}")
    try:
        server.serve_forever()
    except KeyboardInterrupt:
        server.server_close()
        raise SystemExit(0) from None
