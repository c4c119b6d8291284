"""A client pushes, and another language's client works it."""

import json
import time
from datetime import datetime, timedelta, timezone

from cast import Refused, Worker, produce
from jobs import INVOICE, arguments
from operators import idle
from server import until

JOBS = 1000
JOBS_BEHIND_A_PASSWORD = 120  # the same shapes, fewer times
ORDERED = 10  # per queue of the two


def canonical(job):
    """A job's id and arguments as one text: 1 is not 1.0, and the order of keys means nothing."""
    return json.dumps([job["jid"], job["args"]], sort_keys=True)


def many_shapes(server, producer, worker):
    """Many jobs arrive once each, and exactly as they were pushed."""
    queue = f"shapes_{worker}"
    count = jobs(server)
    shapes = arguments(count, min(producer.bits, worker.bits))
    orders = [{"queue": queue, "jobtype": "Record", "args": args} for args in shapes]
    hands = Worker(worker, server.door(), worker.slots, queue)
    try:
        pushed = produce(producer, server.door(), orders)
        assert [job["args"] for job in pushed] == [order["args"] for order in orders], f"{producer} pushed other jobs"
        worked = hands.started(count)
        idle(server)
        missing = set(map(canonical, pushed)) ^ set(map(canonical, worked))
        assert not missing and len(worked) == count, f"{producer} -> {worker}: {len(worked)} worked; {list(missing)[:4]}"
    finally:
        hands.stop()


def failure_and_death(server, producer, worker):
    """A job fails, is on the Retries page with its message, is retried by a click, fails again and is dead."""
    queue = f"fail_{worker}"
    hands = Worker(worker, server.door(), 2, queue)
    try:
        order = {"queue": queue, "jobtype": "Fail", "args": [worker.name], "retry": 1}
        [job] = produce(producer, server.door(), [order])
        hands.started(1)
        key = until(lambda: server.keys("retries").get(job["jid"]), f"{job['jid']} is on the Retries page")
        assert "failed <as told>" in server.text("/retries"), "the message is on the Retries page"
        server.act("retries", "retry", key)
        first, second = hands.started(2)
        assert canonical(first) == canonical(second) == canonical(job), "the same job again"
        until(lambda: job["jid"] in server.keys("morgue"), f"{job['jid']} is on the Dead page")
        assert job["jid"] not in server.keys("retries"), "a dead job is not retried"
        idle(server)
    finally:
        hands.stop()


def scheduled(server, producer, worker):
    """A job for two seconds from now arrives, and not early."""
    queue = f"later_{worker}"
    hands = Worker(worker, server.door(), 2, queue)
    try:
        server.wid()
        due = datetime.now(timezone.utc) + timedelta(seconds=2)
        at = due.isoformat().replace("+00:00", "Z")
        [job] = produce(producer, server.door(), [{"queue": queue, "jobtype": "Record", "args": [at], "at": at}])
        pushed = time.time()
        [record] = hands.started(1)
        assert canonical(record) == canonical(job)
        early, late = due.timestamp() - record["at"], record["at"] - max(due.timestamp(), pushed)
        assert early <= 0 and late < 5, f"{worker} started it {late:.3f} s after its time"
        idle(server)
    finally:
        hands.stop()


def strict_order(server, producer, worker):
    """One slot works the first queue of its list to the end before the second, each in the order of pushing."""
    high, low = f"high_{worker}", f"low_{worker}"
    orders = [
        {"queue": queue, "jobtype": "Record", "args": [queue, n]} for n in range(ORDERED) for queue in (low, high)
    ]
    produce(producer, server.door(), orders)
    hands = Worker(worker, server.door(), 1, high, low)
    try:
        order = [record["args"] for record in hands.started(2 * ORDERED)]
        assert order == [[queue, n] for queue in (high, low) for n in range(ORDERED)], f"{worker}: {order}"
        idle(server)
    finally:
        hands.stop()


def typed(server, producer, worker):
    """What has types in the library arrives as it was written by who has none, and the reverse."""
    queue = f"typed_{worker}"
    hands = Worker(worker, server.door(), 2, queue)
    try:
        [job] = produce(producer, server.door(), [{"queue": queue, "jobtype": "Invoice", "args": INVOICE}])
        [record] = hands.started(1)
        assert canonical(record) == canonical(job | {"args": INVOICE}), f"{producer} -> {worker}: {record}"
        idle(server)
    finally:
        hands.stop()


def wrong_password(server, producer, worker):
    """The password opened the door for both until now; another one does not."""
    order = [{"queue": f"secret_{worker}", "jobtype": "Record", "args": ["not let in"]}]
    try:
        produce(producer, server.door(password="open-sesame-open-sesame"), order)
        raise AssertionError(f"{producer} was let in with a wrong password")
    except Refused as refused:
        assert "password" in str(refused).lower() or "auth" in str(refused).lower(), f"{producer}: {refused}"
    idle(server)


def jobs(server):
    """How many jobs of many shapes there are."""
    return JOBS_BEHIND_A_PASSWORD if server.setting.password else JOBS


ACTS = [many_shapes, failure_and_death, scheduled, strict_order]


def tallied(server, producer, worker):
    """The server's own count of these acts."""
    stats = idle(server)
    found = stats["total_processed"], stats["total_failures"], stats["sets"]["dead"]
    expected = jobs(server) + 2 + 1 + 2 * ORDERED, 2, 1
    assert found == expected, f"{producer} -> {worker}: processed, failures, dead: {found}, not {expected}"
