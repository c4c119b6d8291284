"""What an operator does, and what must be true of it: workers are quieted and stopped, sets and queues are changed.

A client plays both parts where its library has the verbs for that.
"""

from datetime import datetime, timedelta, timezone

from cast import Worker, operate, produce
from server import until

WAITING = 5


def records(queue, count):
    return [{"queue": queue, "jobtype": "Record", "args": [n]} for n in range(count)]


def waits(server, enqueued, working):
    """So many jobs wait and are worked on, right now: a reply means that what it answers has happened."""
    stats = server.stats()
    found = stats["total_enqueued"], stats["sets"]["working"]
    assert found == (enqueued, working), f"enqueued, working: {found}, not {(enqueued, working)}"


def quiet_and_terminate(server, client):
    """A quiet worker gets no job on any of its connections, nor does one that is to end; its job in hand is its own."""
    queue = f"signals_{client}"
    hands = Worker(client, server.door(), client.slots, queue)
    try:
        [held] = produce(client, server.door(), [{"queue": queue, "jobtype": "Hold", "args": []}])
        hands.started(1)
        wid = server.wid()
        server.signal(wid, "quiet")
        waiting = produce(client, server.door(), records(queue, WAITING))
        # Its other connections wait for a job, and nobody has told the client yet.
        waits(server, WAITING, 1)
        hands.quieted()
        waits(server, WAITING, 1)
        server.signal(wid, "terminate")
        waits(server, WAITING, 1)
        if not client.gives_up:
            hands.release()
        hands.ended()
        assert [record["jid"] for record in hands.records()] == [held["jid"]], f"{client} got a job while it was quiet"
    finally:
        hands.stop()
    if client.gives_up:
        # What it failed on its way out goes back to where it was.
        server.act("retries", "retry", server.keys("retries")[held["jid"]])
        waiting.append(held)
    waits(server, len(waiting), 0)
    successor = Worker(client, server.door(), client.slots, queue)
    successor.release()
    try:
        worked = successor.started(len(waiting))
        assert {job["jid"] for job in worked} == {job["jid"] for job in waiting}, f"{client}: {worked}"
        idle(server)
    finally:
        successor.stop()


def mutations(server, client):
    """Jobs of the sets are requeued, killed, discarded and cleared: by jid, by type and by pattern, and no others."""
    queue = f"sets_{client}"
    at = (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")
    beasts = {"elephant 1": "Fail", "elephant 2": "Fail", "zebra 1": "Fail", "zebra 2": "Fail"}
    beasts |= {"mouse 1": "Record", "mouse 2": "Record"}
    orders = [{"queue": queue, "jobtype": jobtype, "args": [name], "at": at} for name, jobtype in beasts.items()]
    jid = {job["args"][0]: job["jid"] for job in produce(client, server.door(), orders)}
    mutated(server, client, [
        ("clear", "dead", None, {"scheduled": 6}),
        ("discard", "scheduled", {"jobtype": "Nobody"}, {"scheduled": 6}),
        ("discard", "scheduled", {"jobtype": "Record", "regexp": "*elephant*"}, {"scheduled": 6}),
        ("discard", "scheduled", {"jobtype": "Fail", "regexp": "*elephant 1*"}, {"scheduled": 5}),
        ("kill", "scheduled", {"jids": [jid["zebra 1"], jid["zebra 2"]]}, {"scheduled": 3, "dead": 2}),
        ("requeue", "scheduled", {"regexp": "*mouse*"}, {"scheduled": 1, "dead": 2, "enqueued": 2}),
        ("requeue", "dead", {"jids": [jid["zebra 1"]]}, {"scheduled": 1, "dead": 1, "enqueued": 3}),
        ("kill", "scheduled", {"jobtype": "Fail"}, {"dead": 2, "enqueued": 3}),
        ("clear", "dead", None, {"enqueued": 3}),
    ])
    hands = Worker(client, server.door(), 2, queue)
    try:
        worked = {record["jid"] for record in hands.started(3)}
        assert worked == {jid["mouse 1"], jid["mouse 2"], jid["zebra 1"]}, f"{client}: {worked} of {jid}"
        until(lambda: server.stats()["sets"]["working"] == 0, f"{client} reports on all three")
        assert [*server.keys("retries")] == [jid["zebra 1"]], "the failed one is to be retried"
        mutated(server, client, [
            ("kill", "retries", {"regexp": "*failed <as told>*"}, {"dead": 1}),
            ("discard", "dead", {}, {}),
        ])
    finally:
        hands.stop()


def mutated(server, client, steps):
    """Each mutation, and the figures that INFO then gives."""
    commands = []
    for cmd, target, wanted, _figures in steps:
        told = {"cmd": cmd, "target": target} | ({} if wanted is None else {"filter": wanted})
        commands += [{"mutate": told}, "info"]
    answers = operate(client, server.door(), commands)
    assert len(answers) == len(commands), f"{client}: {answers}"
    for (*step, figures), told, info in zip(steps, answers[::2], answers[1::2]):
        found = {name: info["sets"][name] for name in ("scheduled", "retries", "dead")}
        found |= {"enqueued": info["total_enqueued"]}
        expected = dict.fromkeys(found, 0) | figures
        assert told == "OK" and found == expected, f"{client}: after {step}: {told}, {found}, not {expected}"


def queue_control(server, client):
    """A paused queue gives nothing away until it is resumed, a removed one is gone with its jobs."""
    queue, gone = f"paused_{client}", f"gone_{client}"
    hands = Worker(client, server.door(), client.slots, queue)
    try:
        # Only a queue that is known can be paused.
        produce(client, server.door(), records(queue, WAITING))
        for names in [queue], ["*"]:
            worked = len(hands.started(WAITING))
            idle(server)
            operate(client, server.door(), [{"queue": {"cmd": "pause", "names": names}}])
            produce(client, server.door(), records(queue, WAITING))
            waits(server, WAITING, 0)
            assert len(hands.records()) == worked, f"{client} works {queue}, which is paused"
            operate(client, server.door(), [{"queue": {"cmd": "resume", "names": names}}])
            hands.started(worked + WAITING)
        idle(server)
    finally:
        hands.stop()
    produce(client, server.door(), records(gone, WAITING))
    one, all_others = ({"queue": {"cmd": "remove", "names": names}} for names in ([gone], ["*"]))
    before, _, between, _, after = operate(client, server.door(), ["info", one, "info", all_others, "info"])
    assert before["queues"][gone] == before["total_enqueued"] == WAITING, f"{client}: {before}"
    assert gone not in between["queues"] and between["total_enqueued"] == 0, f"{client}: {between}"
    assert queue in between["queues"] and after["queues"] == {}, f"{client}: {between}, {after}"


def flush(server, client):
    """Nothing is left, and nothing has been."""
    [now] = records(f"flushed_{client}", 1)
    later = now | {"at": (datetime.now(timezone.utc) + timedelta(hours=1)).isoformat().replace("+00:00", "Z")}
    produce(client, server.door(), [now, later])
    before, done, after = operate(client, server.door(), ["info", "flush", "info"])
    assert before["total_enqueued"] == before["sets"]["scheduled"] == 1 and before["total_processed"], f"{before}"
    assert done == "OK", f"{client}: {done}"
    figures = [after[f"total_{name}"] for name in ("enqueued", "processed", "failures")], after["queues"]
    assert figures == ([0, 0, 0], {}) and not any(after["sets"].values()), f"{client}: {after}"


def idle(server):
    """Waits until nothing waits and nothing is worked on; returns the figures."""

    def still():
        stats = server.stats()
        return None if stats["total_enqueued"] + sum(stats["sets"].values()) - stats["sets"]["dead"] else stats

    return until(still, "nothing waits and nothing is worked on")


# The verbs that each needs of a library.
ACTS = [
    (quiet_and_terminate, set()),
    (mutations, {"mutate", "info"}),
    (queue_control, {"queue", "info"}),
    (flush, {"flush", "info"}),
]
