"""``tongban verify``: check a receipt offline, with nothing but the log's key."""

from __future__ import annotations

from pathlib import Path
from typing import NoReturn

import click

from kernel.ledger.verify import Verification, VerificationFailed, verify_receipt
from kernel.ledger.verify.note import parse_vkey
from tongban.named_files import bytes_of, json_object
from tongban.output import json_option, say_no, write_json, wrong

FILE = click.Path(exists=True, dir_okay=False, path_type=Path)
MOST_READ = 16 << 20
"""Bytes of a receipt, or of the evidence that it is for."""


@click.command()
@click.argument("receipt", type=FILE)
@click.option("--evidence", type=FILE, help="证明（紧凑 JWS）/ the evidence, a compact JWS")
@click.option("--key", "vkey", required=True, help="日志公钥 / the log's verifier key (vkey)")
@click.option("--jwks", type=FILE, help="交换服务的公钥集 / the exchange's JWK set, to check the evidence's signature")
@json_option
def verify(receipt: Path, evidence: Path | None, vkey: str, jwks: Path | None, as_json: bool) -> None:
    """离线验证一张回执 / Verify a receipt offline.

    Example: tongban verify a.tlog-proof --evidence a.jws --key 'host/v1/ledger+4058ef7c+AQ…'
    """
    refuse_unusable_key(vkey)
    if jwks is not None and evidence is None:
        wrong(
            "--jwks 须与 --evidence 同用：它核对的是证明的签名",
            "--jwks needs --evidence: it checks the evidence's signature.",
        )
    keys = json_object(jwks) if jwks else None
    try:
        jws = bytes_of(evidence, MOST_READ).decode().strip() if evidence else None
        result = verify_receipt(bytes_of(receipt, MOST_READ), vkey=vkey, evidence=jws, jwks=keys)
    except VerificationFailed as failure:
        refused(failure, as_json=as_json)
    except UnicodeDecodeError:
        say_no("证明文件不是文本", "The evidence file is not text.")
    report(result, as_json=as_json)


def refuse_unusable_key(vkey: str) -> None:
    """A key that is none proves nothing about the receipt."""
    try:
        parse_vkey(vkey)
    except VerificationFailed as failure:
        wrong(
            f"--key 不是日志公钥（{failure.reason.zh}），应形如 名称+8位十六进制+Base64",
            f"--key is no log key ({failure.reason.en}): it looks like name+hex8+base64, see /v1/ledger/key.",
        )


def refused(failure: VerificationFailed, *, as_json: bool) -> NoReturn:
    """Which check said no, and why; exit status 1."""
    if as_json:
        write_json(
            {"verified": False, "check": failure.check, "reason": failure.reason.en, "reason_zh": failure.reason.zh}
        )
        raise SystemExit(1)
    say_no(f"✗ 验证不通过：{failure.reason.zh}", f"not verified: {failure.reason.en}")


def report(result: Verification, *, as_json: bool) -> None:
    """What was checked, and what was not because nothing was given to check it with."""
    checks = {"in_log": result.in_log, "evidence": result.evidence_matches, "signature": result.signature_valid}
    if as_json:
        write_json({"verified": True, **checks, "origin": result.origin, "index": result.index, "size": result.size})
        return
    click.echo(
        f"✓ 条目 {result.index} 在日志 {result.origin} 中（共 {result.size} 条）/ entry {result.index} is in the log"
    )
    words = {
        "evidence": (
            "这份证明就是所记录的那份 / this evidence is the one recorded",
            "没有给出证明，未核对 / no evidence given",
        ),
        "signature": ("证明自身的签名有效 / its own signature is valid", "没有给出公钥集，未核对 / no --jwks given"),
    }
    for name, (done, skipped) in words.items():
        click.echo(f"✓ {done}" if checks[name] else f"– {skipped}")
