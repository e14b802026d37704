"""How the threads of a service take turns on a processor (ADR 0081, ADR 0096). No right is needed for either.

Where the system has no such thing, or does not allow it, nothing changes but the number of changes of threads.
"""

from __future__ import annotations

import ctypes
import os
import platform
import struct
from contextlib import suppress

SLICE_NANOSECONDS = 200_000
"""A seventh of what Linux gives by itself on two cores, and more than it takes to finish an answer that the ledger has
released.
"""

SCHED_SETATTR = {"x86_64": 314, "aarch64": 274, "riscv64": 274, "ppc64le": 355, "s390x": 345}
"""Numbers of the system call (Linux, arch/*/…/syscall.tbl): C libraries have had a function for it only since 2025."""
SCHED_ATTR = struct.Struct("=IIQiIQQQ")
"""sched_setattr(2): size, policy, flags, nice, priority, runtime (here the slice), deadline, period."""
_KEEP_POLICY = 0x08


def let_threads_take_turns() -> None:
    """Who wakes up does not interrupt the thread that holds the interpreter's lock (ADR 0081); children inherit it."""
    if hasattr(os, "SCHED_BATCH"):
        with suppress(OSError):  # not allowed here
            os.sched_setscheduler(0, os.SCHED_BATCH, os.sched_param(0))


def interrupt_when_awake() -> None:
    """Have the calling thread not wait for its turn when it wakes: for one that others wait for anyway (ADR 0081)."""
    if hasattr(os, "SCHED_BATCH") and os.sched_getscheduler(0) == os.SCHED_BATCH:
        with suppress(OSError):
            os.sched_setscheduler(0, os.SCHED_OTHER, os.sched_param(0))


def ask_for_short_turns() -> None:
    """Have the calling thread run sooner and for a shorter time; its share of the processor stays (ADR 0096)."""
    number = SCHED_SETATTR.get(platform.machine())
    if number is None or platform.system() != "Linux":
        return
    nice = os.getpriority(os.PRIO_PROCESS, 0)  # of this thread alone, on Linux
    wanted = SCHED_ATTR.pack(SCHED_ATTR.size, 0, _KEEP_POLICY, nice, 0, SLICE_NANOSECONDS, 0, 0)
    ctypes.CDLL(None).syscall(number, 0, wanted, 0)  # refused where a sandbox does not know it: then as before
