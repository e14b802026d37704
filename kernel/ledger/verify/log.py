"""Whole logs, and the growth of a log between two checkpoints."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from kernel.ledger.verify import tree
from kernel.ledger.verify.failure import VerificationFailed
from kernel.ledger.verify.note import Checkpoint, verify_checkpoint


def verify_log(entries: Iterable[bytes], *, checkpoint: str, vkey: str) -> Checkpoint:
    """Check that these are all the entries a checkpoint speaks of, in their order; raises VerificationFailed.

    Finds every entry changed, removed, inserted or moved. A log rolled back or forked *with* its key is whole in
    itself: ``verify_growth`` against a checkpoint seen earlier finds those.
    """
    head = verify_checkpoint(checkpoint, vkey=vkey)
    size, root = tree.root_of(entries)
    verify_size(size, head)
    if root != head.root:
        raise VerificationFailed("日志内容与检查点不符", "the log's entries are not those of its checkpoint")
    return head


def verify_size(kept: int, head: Checkpoint) -> None:
    """Check that a checkpoint speaks of as many entries as are kept; raises VerificationFailed."""
    if kept != head.size:
        raise VerificationFailed(
            f"日志有 {kept} 条记录，检查点声明 {head.size} 条",
            f"the log holds {kept} entries, its checkpoint {head.size}",
        )


def verify_growth(old: str, new: str, proof: Sequence[bytes], *, vkey: str) -> tuple[Checkpoint, Checkpoint]:
    """Check that the later of two checkpoints extends the earlier one; raises VerificationFailed."""
    before, after = verify_checkpoint(old, vkey=vkey), verify_checkpoint(new, vkey=vkey)
    if after.size < before.size:
        raise VerificationFailed("日志变短了：有记录丢失", "the log has become shorter: entries are lost")
    if not tree.is_consistent(before.size, before.root, after.size, after.root, proof):
        raise VerificationFailed(
            "两个检查点互相矛盾：历史被改写", "the checkpoints contradict each other: history was rewritten"
        )
    return before, after
