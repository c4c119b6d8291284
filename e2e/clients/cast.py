"""The clients as processes, and what each of them can do."""

import json
import os
import re
import signal
import subprocess
import tempfile
from dataclasses import dataclass, field
from pathlib import Path

from server import PATIENCE, until

HERE = Path(__file__).resolve().parent
PYTHON = str(HERE / "python/.venv/bin/python")


@dataclass(frozen=True)
class Client:
    """Somebody's client library, behind the program that ../README.md describes."""

    name: str
    command: list
    slots: int
    # What its worker says when the answer to a beat was `quiet`.
    quieted: str
    # Its verbs for operators.
    operates: set = field(default_factory=set)
    # The bits of the integers that it holds; Python knows no bound.
    bits: int = 1000
    # Whether its worker fails what it has in hand, at once, when it is told to terminate.
    gives_up: bool = False

    def __str__(self):
        return self.name


CAST = [
    Client(
        "faktory-rs",
        [str(HERE / "rust/target/debug/bessemer-e2e-rust")],
        slots=8,
        quieted="HEARTBEAT status is QUIET",
        operates={"mutate", "queue", "info"},
        bits=64,
        gives_up=True,
    ),
    Client(
        "pyfaktory",
        [PYTHON, str(HERE / "python/with_pyfaktory.py")],
        slots=16,
        quieted="changed from State.IDENTIFIED to State.QUIET",
        operates={"mutate", "queue", "info", "flush"},
    ),
    Client(
        "node",
        ["node", str(HERE / "node/client.mjs")],
        slots=20,
        quieted="faktory-worker:worker quiet",
        operates={"mutate", "info", "flush"},
        bits=53,
    ),
    Client(
        "faktory.py",
        [PYTHON, str(HERE / "python/with_faktory.py")],
        slots=50,
        quieted="Faktory has quieted this worker",
    ),
]

# The library of this repository, by the program in crates/server/examples.
LIBRARY = Client(
    "bessemer",
    [str(Path(os.environ["BESSEMER_BIN"]).parent / "examples/with_library")],
    slots=20,
    quieted="the worker is quiet",
    operates={"mutate", "queue", "info", "flush"},
)


def unable(client, setting):
    """Why a client cannot be tried in a setting here, or nothing."""
    if client.name == "faktory.py" and setting.tls:
        asked = subprocess.run([PYTHON, "-c", "import ssl; ssl.wrap_socket"], capture_output=True)
        return "its TLS needs ssl.wrap_socket, which Python has no more since 3.12" if asked.returncode else None
    return None


def produce(client, door, jobs):
    """Pushes the jobs; returns what the client says that it pushed, or raises with what it complained of."""
    return _told(client, "produce", door, jobs)


def operate(client, door, commands):
    """Gives the commands to the server through the client; returns the answers."""
    return _told(client, "operate", door, commands)


def enterprise(feature, door):
    """Plays what the crate `faktory` offers of a feature; raises with what was not as the crate has it."""
    command = [*CAST[0].command, "enterprise", feature]
    done = subprocess.run(command, env=os.environ | door, capture_output=True, text=True, timeout=4 * PATIENCE)
    if done.returncode != 0:
        raise AssertionError(f"{CAST[0]}, {feature}: {done.stderr[-2000:]}")


def _told(client, role, door, lines):
    done = subprocess.run(
        [*client.command, role],
        env=os.environ | door,
        input="".join(json.dumps(line) + "\n" for line in lines),
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )
    if done.returncode != 0:
        raise Refused(f"{client}, {role}: {done.stderr[-2000:]}")
    return [json.loads(line) for line in done.stdout.split("\n") if line]


class Refused(Exception):
    """A client ended with an error."""


class Worker:
    """A worker process and what it wrote down."""

    def __init__(self, client, door, slots, *queues):
        self.client = client
        self.folder = tempfile.TemporaryDirectory(prefix="bessemer-worker-")
        self.records_path = Path(self.folder.name, "records")
        self.records_path.touch()
        self.release_path = Path(self.folder.name, "release")
        self.log_path = Path(self.folder.name, "log")
        told = {"RECORDS": str(self.records_path), "RELEASE": str(self.release_path), "DEBUG": "faktory-worker:worker"}
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                [*client.command, "work", str(slots), *queues],
                env=os.environ | door | told,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=log,
            )

    def records(self):
        """All jobs that it started so far, in that order."""
        *lines, _unfinished = self.records_path.read_text().split("\n")
        return [json.loads(line) for line in lines]

    def started(self, count):
        """Its records, once there are that many."""
        self._until(lambda: len(self.records()) >= count, f"starts {count} jobs")
        return self.records()

    def quieted(self):
        """Waits until its library has heard that it is quiet."""
        self._until(lambda: re.search(self.client.quieted, self.log_path.read_text()), "hears that it is quiet")

    def release(self):
        """Lets its jobs of the type `Hold` end."""
        self.release_path.touch()

    def ended(self):
        """Waits until it ends by itself."""
        until(lambda: self.process.poll() is not None, f"{self.client} ends")

    def _until(self, condition, what):
        def come():
            if self.process.poll() is not None and not condition():
                raise AssertionError(f"{self.client} ended:\n{self.log_path.read_text()[-4000:]}")
            return condition()

        try:
            until(come, f"{self.client} {what}", 3 * PATIENCE)
        except AssertionError as error:
            seen = f"{len(self.records())} started; its log ends:\n{self.log_path.read_text()[-4000:]}"
            raise AssertionError(f"{error}; {seen}") from None

    def stop(self):
        """Asks it to end, as its library does that. It has no job by now; one that does not end is ended."""
        self.process.send_signal(signal.SIGTERM)
        try:
            self.process.wait(PATIENCE / 3)
        except subprocess.TimeoutExpired:
            print(f"  {self.client} did not end by SIGTERM", flush=True)
            self.process.kill()
            self.process.wait()
        self.folder.cleanup()
