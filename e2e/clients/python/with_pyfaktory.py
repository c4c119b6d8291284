"""PyPI `pyfaktory` as producer, worker and operator. What is asked of it: ../README.md."""

import functools
import json
import logging
import os
import sys

from pyfaktory import Client, Consumer, Job, JobFilter, MutateOperation, Producer
from records import JOBTYPES


def produce():
    with Client(role="producer") as client:
        producer = Producer(client)
        for line in sys.stdin:
            job = Job(**json.loads(line))
            assert producer.push(job)
            print(json.dumps({"jid": job.jid, "args": job.args}), flush=True)


def operate():
    with Client(role="producer") as client:
        for line in sys.stdin:
            print(json.dumps(answer(client, json.loads(line))), flush=True)


def answer(client, command):
    if command == "info":
        return client.info()["faktory"]
    if command == "flush":
        assert client._flush()
    elif "mutate" in command:
        told = command["mutate"]
        wanted = None
        if "filter" in told:
            wanted = JobFilter(**{name: told["filter"].get(name) for name in ("jids", "regexp", "jobtype")})
        assert client.mutate(MutateOperation(cmd=told["cmd"], target=told["target"], filter=wanted))
    else:
        told = command["queue"]
        verb = {"pause": client.queue_pause, "resume": client.queue_unpause, "remove": client.queue_remove}[told["cmd"]]
        assert verb(all_queues=True) if told["names"] == ["*"] else verb(told["names"])
    return "OK"


def work(slots, *queues):
    logging.basicConfig(level=logging.INFO)
    client = Client(role="consumer", beat_period=1)
    client.connect()
    consumer = Consumer(client, queues=list(queues), priority="strict", concurrency=int(slots))
    for jobtype, does in JOBTYPES.items():
        consumer.register(jobtype, does, bind=True)
    try:
        consumer.run()
    finally:
        client.disconnect()
        # Its heartbeat thread sleeps, and would keep the process until it wakes.
        os._exit(0)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    {"produce": produce, "operate": operate, "work": functools.partial(work, *rest)}[role]()
