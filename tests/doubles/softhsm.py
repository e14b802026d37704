"""SoftHSM with one fresh token. A module is initialised once in a process, so a process has one."""

from __future__ import annotations

import os
import subprocess
from pathlib import Path

MODULE = Path("/usr/lib/softhsm/libsofthsm2.so")
LABEL, PIN = "tongban tests", "24681357"
MISSING = "no softhsm2: apt-get install softhsm2 enables this"


def prepare(folder: Path) -> Path:
    """Make the token in this folder and point this process to it; returns the module."""
    tokens = folder / "tokens"
    tokens.mkdir()
    (folder / "softhsm2.conf").write_text(f"directories.tokendir = {tokens}\nlog.level = ERROR\n")
    os.environ["SOFTHSM2_CONF"] = str(folder / "softhsm2.conf")
    command = ["softhsm2-util", "--init-token", "--free", "--label", LABEL, "--so-pin", "11223344", "--pin", PIN]
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL)
    return MODULE
