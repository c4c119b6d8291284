"""The clients as processes."""

import json
import os
import signal
import subprocess
import tempfile
from pathlib import Path

from server import PATIENCE, until

HERE = Path(__file__).resolve().parent
PYTHON = str(HERE / "python/.venv/bin/python")

COMMANDS = {
    "node": ["node", str(HERE / "node/client.mjs")],
    "faktory.py": [PYTHON, str(HERE / "python/with_faktory.py")],
    "pyfaktory": [PYTHON, str(HERE / "python/with_pyfaktory.py")],
    "faktory-rs": [str(HERE / "rust/target/debug/bessemer-e2e-rust")],
}


def produce(client, url, jobs):
    """Pushes the jobs; returns what the client says that it pushed, or raises with what it complained of."""
    orders = "".join(json.dumps(job) + "\n" for job in jobs)
    done = subprocess.run(
        COMMANDS[client] + ["produce"],
        env=os.environ | {"FAKTORY_URL": url},
        input=orders,
        capture_output=True,
        text=True,
        timeout=4 * PATIENCE,
    )
    if done.returncode != 0:
        raise Refused(done.stderr[-2000:])
    return [json.loads(line) for line in done.stdout.split("\n") if line]


class Refused(Exception):
    """A client ended with an error."""


class Worker:
    """A worker process and what it wrote down."""

    def __init__(self, client, url, slots, *queues):
        self.client = client
        self.folder = tempfile.TemporaryDirectory(prefix="bessemer-worker-")
        self.records_path = Path(self.folder.name, "records")
        self.records_path.touch()
        self.log_path = Path(self.folder.name, "log")
        with self.log_path.open("w") as log:
            self.process = subprocess.Popen(
                COMMANDS[client] + ["work", str(slots), *queues],
                env=os.environ | {"FAKTORY_URL": url, "RECORDS": str(self.records_path)},
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

        def enough():
            if self.process.poll() is not None:
                raise AssertionError(f"{self.client} ended:\n{self.log_path.read_text()[-4000:]}")
            return len(self.records()) >= count

        try:
            until(enough, f"{self.client} starts {count} jobs", 3 * PATIENCE)
        except AssertionError as error:
            seen = f"{len(self.records())} started; its log ends:\n{self.log_path.read_text()[-4000:]}"
            raise AssertionError(f"{error}; {seen}") from None
        return self.records()

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
