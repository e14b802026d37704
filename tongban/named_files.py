"""Files that an operator names: read within bounds, or one sentence and exit status 2.

A name may lead to anything: a device that never ends, a text of two hundred thousand brackets.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

from tongban.output import wrong

MOST_OF_JSON = 1 << 20
"""Bytes of a client, a key or a key set, which have a few thousand."""


def bytes_of(path: Path, most: int) -> bytes:
    """The whole file, or exit status 2 where it has more than ``most`` bytes. Raises OSError."""
    with path.open("rb") as stream:
        data = stream.read(most + 1)
    if len(data) > most:
        wrong(f"{path} 超过 {most >> 20} MiB", f"{path} has more than {most >> 20} MiB.")
    return data


def json_object(path: Path) -> dict[str, Any]:
    """The one JSON object that is in a file, or exit status 2. Raises OSError."""
    try:
        value = json.loads(bytes_of(path, MOST_OF_JSON).decode("utf-8-sig"))
    except RecursionError:
        wrong(f"{path} 嵌套过深", f"{path} is not JSON of ours: nested too deeply.")
    except ValueError as error:
        wrong(f"{path} 不是 JSON（{error}）", f"{path} is not JSON: {error}")
    if not isinstance(value, dict):
        wrong(f"{path} 应是一个 JSON 对象", f"{path} should be one JSON object.")
    return value
