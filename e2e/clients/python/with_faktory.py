"""PyPI `faktory` as producer and as worker. What is asked of it: ../README.md."""

import functools
import json
import logging
import sys

import faktory
from records import JOBTYPES


def produce():
    with faktory.connection() as client:
        for line in sys.stdin:
            job = json.loads(line)
            jid = client.random_job_id()
            options = {name: job[name] for name in ("retry", "at") if name in job}
            assert client.queue(job["jobtype"], job["args"], queue=job["queue"], jid=jid, **options)
            print(json.dumps({"jid": jid, "args": job["args"]}), flush=True)


def work(slots, *queues):
    logging.basicConfig(level=logging.WARNING)
    worker = faktory.Worker(queues=list(queues), concurrency=int(slots), use_threads=True)
    worker.send_heartbeat_every = 1
    for jobtype, does in JOBTYPES.items():
        worker.register(jobtype, does, bind=True)
    worker.run()


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    {"produce": produce, "work": functools.partial(work, *rest)}[role]()
