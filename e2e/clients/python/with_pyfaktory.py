"""PyPI `pyfaktory` as producer and as worker. What is asked of it: ../README.md."""

import functools
import json
import os
import sys

from pyfaktory import Client, Consumer, Job, Producer
from records import Failed, record


def produce():
    with Client(role="producer") as client:
        producer = Producer(client)
        for line in sys.stdin:
            job = Job(**json.loads(line))
            assert producer.push(job)
            print(json.dumps({"jid": job.jid, "args": job.args}), flush=True)


def fail(jid, *args):
    record(jid, *args)
    raise Failed("failed <as told>")


def work(slots, *queues):
    client = Client(role="consumer", beat_period=5)
    client.connect()
    consumer = Consumer(client, queues=list(queues), priority="strict", concurrency=int(slots))
    consumer.register("Record", record, bind=True)
    consumer.register("Fail", fail, bind=True)
    try:
        consumer.run()
    finally:
        client.disconnect()
        # Its heartbeat thread sleeps, and would keep the process until it wakes.
        os._exit(0)


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    {"produce": produce, "work": functools.partial(work, *rest)}[role]()
