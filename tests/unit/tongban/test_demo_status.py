"""The demonstration's exit status: 0 only when all that was asked for was played."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest

from tongban.demo import runner
from tongban.demo.narration import Narrator, StoryFailed
from tongban.demo.runner import INTERRUPTED, Options, run


def ended(*_words: Any) -> Any:
    raise KeyboardInterrupt


def nothing(*_words: Any) -> None: ...


def one_step(narrator: Narrator, *_words: Any) -> None:
    with narrator.step("setup", "一步", "one step"):
        pass


def failing(narrator: Narrator, *_words: Any) -> None:
    with pytest.raises(StoryFailed), narrator.step("setup", "一步", "one step"):
        raise StoryFailed("seen")


@pytest.mark.parametrize(
    ("once", "play", "finish", "stay_up", "status"),
    [
        (True, one_step, nothing, ended, 0),
        (False, one_step, nothing, ended, 0),  # Ctrl-C is how it is meant to end
        (True, failing, nothing, ended, 1),
        (False, failing, nothing, ended, 1),
        (True, ended, nothing, nothing, INTERRUPTED),  # every step so far was fine
        (False, ended, nothing, nothing, INTERRUPTED),
        (True, one_step, ended, nothing, INTERRUPTED),
    ],
)
def test_once_exits_with_a_truthful_code(
    monkeypatch: pytest.MonkeyPatch,
    once: bool,
    play: Callable[..., None],
    finish: Callable[..., None],
    stay_up: Callable[..., None],
    status: int,
) -> None:
    monkeypatch.setattr(runner, "start", one_step)
    monkeypatch.setattr(runner, "stage_of", nothing)
    monkeypatch.setattr(runner, "play", play)
    monkeypatch.setattr(runner, "finish", finish)
    monkeypatch.setattr(runner, "stay_up", stay_up)
    monkeypatch.setattr(runner.signal, "signal", nothing)
    assert run(Options(once, 19500, None, "all", None, as_json=False)) == status
