"""Sample departments that start together: each answers for itself, and one that falls takes the others along."""

import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import pytest

from tongban.demo import world

ROOT = Path(__file__).resolve().parents[3]


def free_ports(count):
    taken = [socket.create_server(("127.0.0.1", 0)) for _ in range(count)]
    ports = [each.getsockname()[1] for each in taken]
    for each in taken:
        each.close()
    return ports


@pytest.fixture
def started(tmp_path):
    """Starts departments by name and port; whatever still runs is ended."""
    (tmp_path / "world.json").write_text(json.dumps(world.build()), encoding="utf-8")
    running = []

    def start(**ports):
        words = ["--folder", str(tmp_path), "--world", str(tmp_path / "world.json")]
        words += [f"{name}={port}" for name, port in ports.items()]
        command = [sys.executable, "-m", "tongban.demo.departments.together", *words]
        process = subprocess.Popen(command, cwd=ROOT, start_new_session=True, stderr=subprocess.DEVNULL)
        running.append(process)
        return process

    yield start
    for process in running:
        process.kill()
        process.wait()


def until_healthy(port):
    for _attempt in range(600):
        try:
            with urllib.request.urlopen(f"http://127.0.0.1:{port}/healthz", timeout=5) as answer:
                return answer.status
        except OSError:
            time.sleep(0.1)
    raise AssertionError("never came up")


def closed(port):
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) != 0


def test_each_answers_and_all_end_as_they_are_told_to(started):
    civil, employment = free_ports(2)
    process = started(civil=civil, employment=employment)
    assert [until_healthy(civil), until_healthy(employment)] == [200, 200]
    os.killpg(process.pid, signal.SIGTERM)  # as the demonstration does: the whole group is told
    assert process.wait(60) == 0
    assert closed(civil)
    assert closed(employment)


def test_one_that_cannot_start_takes_the_others_along(started):
    (civil,) = free_ports(1)
    with socket.create_server(("127.0.0.1", 0)) as taken:
        process = started(civil=civil, employment=taken.getsockname()[1])
        assert process.wait(60) == 1
    assert closed(civil)
