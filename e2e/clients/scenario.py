"""What happens, and what must be true of it: every client pushes, and another language's client works it.

Each pair plays its acts on a server of its own, all pairs at once; a password is tried on a second one.
"""

import json
import sys
import time
from concurrent.futures import ThreadPoolExecutor
from datetime import datetime, timedelta, timezone

from cast import Refused, Worker, produce
from jobs import arguments
from server import Server, until

JOBS = 1000
ORDERED = 10  # per queue of the two

# Producer, worker, and whether both hold integers of 64 bits.
PAIRS = [
    ("faktory-rs", "pyfaktory", True),
    ("pyfaktory", "node", False),
    ("node", "faktory.py", False),
    ("faktory.py", "faktory-rs", True),
]

SLOTS = {"node": 20, "faktory.py": 50, "pyfaktory": 16, "faktory-rs": 8}


def canonical(job):
    """A job's id and arguments as one text: 1 is not 1.0, and the order of keys means nothing."""
    return json.dumps([job["jid"], job["args"]], sort_keys=True)


def many_shapes(server, producer, worker, exact):
    """A thousand jobs arrive once each, and exactly as they were pushed."""
    queue = f"shapes_{worker}"
    orders = [{"queue": queue, "jobtype": "Record", "args": args} for args in arguments(JOBS, exact)]
    hands = Worker(worker, server.url(), SLOTS[worker], queue)
    try:
        pushed = produce(producer, server.url(), orders)
        assert [job["args"] for job in pushed] == [order["args"] for order in orders], f"{producer} pushed other jobs"
        worked = hands.started(JOBS)
        settled(server)
        missing = set(map(canonical, pushed)) ^ set(map(canonical, worked))
        assert not missing and len(worked) == JOBS, f"{producer} -> {worker}: {len(worked)} worked; {list(missing)[:4]}"
    finally:
        hands.stop()


def failure_and_death(server, producer, worker, _exact):
    """A job fails, is on the Retries page with its message, is retried by a click, fails again and is dead."""
    queue = f"fail_{worker}"
    hands = Worker(worker, server.url(), 2, queue)
    try:
        [job] = produce(producer, server.url(), [{"queue": queue, "jobtype": "Fail", "args": [worker], "retry": 1}])
        hands.started(1)
        key = until(lambda: server.keys("retries").get(job["jid"]), f"{job['jid']} is on the Retries page")
        assert "failed <as told>" in server.text("/retries"), "the message is on the Retries page"
        server.act("retries", "retry", key)
        first, second = hands.started(2)
        assert canonical(first) == canonical(second) == canonical(job), "the same job again"
        until(lambda: job["jid"] in server.keys("morgue"), f"{job['jid']} is on the Dead page")
        assert job["jid"] not in server.keys("retries"), "a dead job is not retried"
        settled(server)
    finally:
        hands.stop()


def scheduled(server, producer, worker, _exact):
    """A job for two seconds from now arrives, and not early."""
    queue = f"later_{worker}"
    hands = Worker(worker, server.url(), 2, queue)
    try:
        due = datetime.now(timezone.utc) + timedelta(seconds=2)
        at = due.isoformat().replace("+00:00", "Z")
        [job] = produce(producer, server.url(), [{"queue": queue, "jobtype": "Record", "args": [at], "at": at}])
        [record] = hands.started(1)
        late = record["at"] - due.timestamp()
        assert canonical(record) == canonical(job)
        assert 0 <= late < 5, f"{worker} started it {late:.3f} s after its time"
        settled(server)
    finally:
        hands.stop()


def strict_order(server, producer, worker, _exact):
    """One slot works the first queue of its list to the end before the second, each in the order of pushing."""
    high, low = f"high_{worker}", f"low_{worker}"
    orders = [
        {"queue": queue, "jobtype": "Record", "args": [queue, n]} for n in range(ORDERED) for queue in (low, high)
    ]
    produce(producer, server.url(), orders)
    hands = Worker(worker, server.url(), 1, high, low)
    try:
        order = [record["args"] for record in hands.started(2 * ORDERED)]
        assert order == [[queue, n] for queue in (high, low) for n in range(ORDERED)], f"{worker}: {order}"
        settled(server)
    finally:
        hands.stop()


def password(server, producer, worker, _exact):
    """The right password opens the door for producer and worker, a wrong one does not."""
    queue = f"secret_{worker}"
    order = [{"queue": queue, "jobtype": "Record", "args": ["let in"]}]
    try:
        produce(producer, server.url(password="open-sesame-open-sesame"), order)
        raise AssertionError(f"{producer} was let in with a wrong password")
    except Refused as refused:
        assert "password" in str(refused).lower() or "auth" in str(refused).lower(), f"{producer}: {refused}"
    hands = Worker(worker, server.url(), 2, queue)
    try:
        pushed = produce(producer, server.url(), order)
        assert list(map(canonical, pushed)) == list(map(canonical, hands.started(1)))
        settled(server)
    finally:
        hands.stop()


def settled(server):
    """Waits until nothing waits and nothing is worked on; returns the figures."""

    def idle():
        stats = server.stats()
        return None if stats["total_enqueued"] + sum(stats["sets"].values()) - stats["sets"]["dead"] else stats

    return until(idle, "nothing waits and nothing is worked on")


def play(producer, worker, exact):
    """All acts of one pair, and the server's own count of them."""
    server = Server()
    try:
        for act in [many_shapes, failure_and_death, scheduled, strict_order]:
            perform(act, server, producer, worker, exact)
        stats = settled(server)
        found = stats["total_processed"], stats["total_failures"], stats["sets"]["dead"]
        expected = JOBS + 2 + 1 + 2 * ORDERED, 2, 1
        assert found == expected, f"{producer} -> {worker}: processed, failures, dead: {found}, not {expected}"
    finally:
        server.stop()
    guarded = Server(password="correct-horse-battery-staple")
    try:
        perform(password, guarded, producer, worker, exact)
    finally:
        guarded.stop()


def perform(act, server, producer, worker, exact):
    """One act, with its duration."""
    began = time.monotonic()
    act(server, producer, worker, exact)
    print(f"  {producer:10} -> {worker:10}  {act.__name__:18} {time.monotonic() - began:6.1f} s", flush=True)


def main():
    began = time.monotonic()
    with ThreadPoolExecutor(len(PAIRS)) as pool:
        for pair in [pool.submit(play, *names) for names in PAIRS]:
            pair.result()
    print(f"real clients: {len(PAIRS)} pairs passed in {time.monotonic() - began:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failed:
        sys.exit(f"FAILED: {failed}")
