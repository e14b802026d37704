"""Telling a story while it happens: a line a step on a terminal, plain lines elsewhere, JSON for machines."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any

import requests
from rich.console import Console
from rich.markup import escape
from rich.measure import Measurement
from rich.padding import Padding
from rich.table import Table
from rich.text import Text as Markup

from kernel.text import Text
from tongban.client import Refused
from tongban.demo.departments.evidence_client import Refused as RefusedDepartment
from tongban.demo.fact_names import bilingual

WIDEST = 1000
"""Characters a line may have where something has to be copied from it."""


@dataclass
class Step:
    """What one step was, whether it came out as told, and what was seen."""

    story: str
    text: Text
    ok: bool = False
    seconds: float = 0.0
    facts: dict[str, Any] = field(default_factory=dict)

    def saw(self, **facts: Any) -> None:
        """Keep what was seen, for the line and for the JSON document."""
        self.facts.update(facts)


class StoryFailed(Exception):
    """A step did not come out as told; the text says what was seen instead."""


def expect(condition: object, seen: str) -> None:
    """Raise StoryFailed with what was seen unless the condition holds."""
    if not condition:
        raise StoryFailed(seen)


class Narrator:
    """Keeps every step; prints them as they end unless a machine is listening."""

    def __init__(self, console: Console, *, machine: bool) -> None:
        self.console = console
        self.machine = machine
        self.steps: list[Step] = []
        self.results: dict[str, Any] = {}

    @contextmanager
    def step(self, story: str, zh: str, en: str) -> Iterator[Step]:
        """One step: its outcome and time are kept also when it fails, and the failure goes on."""
        step = Step(story, Text(zh, en))
        started = time.perf_counter()
        self.steps.append(step)
        try:
            with self._busy(step):
                yield step
            step.ok = True
        except StoryFailed as failure:
            step.saw(failure=str(failure))
            raise
        except (Refused, RefusedDepartment, requests.RequestException, LookupError, ValueError) as failure:
            step.saw(failure=f"{type(failure).__name__}: {failure}")
            raise StoryFailed(str(failure)) from failure
        finally:
            step.seconds = round(time.perf_counter() - started, 3)
            self._line(step)

    def heading(self, zh: str, en: str) -> None:
        """The title of a story."""
        if not self.machine:
            self.console.print(f"\n[bold]{escape(zh)}[/bold]  [dim]{escape(en)}[/dim]")

    def say(self, zh: str, en: str) -> None:
        """A plain remark."""
        if not self.machine:
            self._both(escape(zh), escape(en))

    def table(self, title: str, columns: list[str], rows: list[list[str]]) -> None:
        """Something to look up and copy: as wide as it has to be, so that no secret is cut or broken."""
        if self.machine:
            return
        table = Table(*columns, title=title, title_justify="left", title_style="bold")
        for row in rows:
            table.add_row(*map(escape, row))
        width = Measurement.get(self.console, self.console.options.update(max_width=WIDEST), table).maximum
        wide = Console(file=self.console.file, width=width, force_terminal=self.console.is_terminal, highlight=False)
        wide.print(table)

    def chart(self, before: int, after: int) -> None:
        """Uploads before and after, as bars people can compare."""
        self.results["uploads"] = {"before": before, "after": after}
        if not self.machine:
            self.console.print(f"  以往上传 uploads before [red]{'█' * before}[/red] {before}")
            self.console.print(f"  现在上传 uploads now    [green]{'█' * after}[/green] {after}")

    def document(self, **more: Any) -> str:
        """Everything that happened, as JSON."""
        steps = [asdict(step) for step in self.steps]
        return json.dumps({"ok": self.ok, "steps": steps, **self.results, **more}, ensure_ascii=False, indent=1)

    @property
    def ok(self) -> bool:
        """Whether there were steps and each came out as told."""
        return bool(self.steps) and all(step.ok for step in self.steps)

    @contextmanager
    def _busy(self, step: Step) -> Iterator[None]:
        if self.machine or not self.console.is_terminal:
            yield
            return
        with self.console.status(f"{step.text.zh}  [dim]{step.text.en}[/dim]"):
            yield

    def _both(self, zh: str, en: str) -> None:
        """Markup in both languages: on one line where there is room, otherwise one below the other and indented."""
        first, second = Markup.from_markup(zh), Markup.from_markup(en, style="dim")
        together = Markup.assemble("  ", first, "  ", second)
        if together.cell_len <= self.console.width:
            self.console.print(together, highlight=False)
            return
        self.console.print(Padding(first, (0, 0, 0, 2), expand=False), highlight=False)
        self.console.print(Padding(second, (0, 0, 0, 4), expand=False), highlight=False)

    def _line(self, step: Step) -> None:
        if self.machine:
            return
        mark = "[green]✓[/green]" if step.ok else "[red]✗[/red]"
        facts = "；".join(f"{bilingual(name)}: {value}" for name, value in step.facts.items())
        self._both(f"{mark} {escape(step.text.zh)}", f"{escape(step.text.en)} · {step.seconds:.1f} s")
        if facts:
            self.console.print(f"      [dim]{escape(facts)}[/dim]", highlight=False, soft_wrap=True)
