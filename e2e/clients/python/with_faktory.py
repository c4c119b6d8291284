"""PyPI `faktory` as producer and as worker. What is asked of it: ../README.md."""

import functools
import json
import sys

import faktory
from records import Failed, record


def produce():
    with faktory.connection() as client:
        for line in sys.stdin:
            job = json.loads(line)
            jid = client.random_job_id()
            options = {name: job[name] for name in ("retry", "at") if name in job}
            assert client.queue(job["jobtype"], job["args"], queue=job["queue"], jid=jid, **options)
            print(json.dumps({"jid": jid, "args": job["args"]}), flush=True)


def fail(jid, *args):
    record(jid, *args)
    raise Failed("failed <as told>")


def work(slots, *queues):
    worker = faktory.Worker(queues=list(queues), concurrency=int(slots), use_threads=True)
    worker.register("Record", record, bind=True)
    worker.register("Fail", fail, bind=True)
    worker.run()


if __name__ == "__main__":
    role, *rest = sys.argv[1:]
    {"produce": produce, "work": functools.partial(work, *rest)}[role]()
