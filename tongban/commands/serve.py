"""``tongban serve``: run the services."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import threading
from types import FrameType

import click

from kernel.settings import ExchangeSettings, IdpSettings
from tongban import preflight
from tongban.commands.configuration import load_settings
from tongban.output import config_option, wrong
from tongban.running import run

SERVICES = ("idp", "exchange")


@click.command()
@click.argument("service", type=click.Choice([*SERVICES, "all"]), default="all")
@config_option
@click.option(
    "--workers", type=click.IntRange(min=1), default=None, help="工作进程数 / worker processes of each service"
)
def serve(service: str, config: str | None, workers: int | None) -> None:
    """启动服务 / Run the services.

    Example: tongban serve all --config data/tongban.toml
    """
    settings = load_settings(config)
    chosen: dict[str, IdpSettings | ExchangeSettings] = {"idp": settings.idp, "exchange": settings.exchange}
    for name in SERVICES if service == "all" else (service,):
        refuse_several_writers(name, chosen[name], workers)
        refuse_unstartable(name, chosen[name])
    if service == "all":
        sys.exit(run_both(config, workers))
    run(service, chosen[service], workers)


def refuse_several_writers(name: str, settings: IdpSettings | ExchangeSettings, workers: int | None) -> None:
    """On SQLite each service is one process and every write passes its writer thread."""
    if (workers or settings.workers) > 1 and settings.database_url.startswith("sqlite"):
        wrong(
            f"SQLite 只允许一个进程写入；要用多个工作进程，请把 {name}.database_url 换成 PostgreSQL",
            f"SQLite allows one writing process: for several workers set {name}.database_url to PostgreSQL "
            "(postgresql+psycopg://…).",
        )


def refuse_unstartable(name: str, settings: IdpSettings | ExchangeSettings) -> None:
    """A worker that fails at its start can only die; what can be known before is said here."""
    try:
        preflight.check(name, settings)
    except preflight.NotStartable as refusal:
        wrong(refusal.text.zh, refusal.text.en)


def run_both(config: str | None, workers: int | None) -> int:
    """One process a service; when either ends, so does the other. The status is the worst of both.

    A service that ends although nobody asked it to has failed, whatever it says of itself.
    """
    command = [sys.executable, "-m", "tongban", "serve"]
    options = [*(["--config", config] if config else []), *(["--workers", str(workers)] if workers else [])]
    running = [subprocess.Popen([*command, name, *options], env=os.environ) for name in SERVICES]  # noqa: S603
    asked = threading.Event()

    def stop(_signal: int, _frame: FrameType | None) -> None:
        asked.set()
        for process in running:
            process.terminate()

    signal.signal(signal.SIGTERM, stop)
    signal.signal(signal.SIGINT, stop)
    os.waitid(os.P_ALL, 0, os.WEXITED | os.WNOWAIT)  # leaves the ended one to be asked for its status below
    of_itself = not asked.is_set()
    for process in running:
        process.terminate()
    worst = max(_failed(process.wait()) for process in running)
    return worst or int(of_itself)


def _failed(status: int) -> int:
    """A child's status as the command's: being told to stop is no failure, any other signal is."""
    return 0 if status in (0, -signal.SIGTERM, -signal.SIGINT) else status if status > 0 else 128 - status
