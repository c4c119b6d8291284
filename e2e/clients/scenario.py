"""Every client as producer, worker and operator, in every setting.

In each setting the clients stand in a ring: each pushes to a server of its own what the next one works, and then the
next one's worker is quieted and stopped, and the next one operates. This repository's own library stands in the ring, and
also pushes to each of the others and works what each pushes.
"""

import sys
import time
from concurrent.futures import ThreadPoolExecutor

import cast
import operators
import pairs
from cast import CAST, LIBRARY, unable
from server import Server, Setting

PASSWORD = "correct-horse-battery-staple"
# Of the crate `faktory` with its feature `ent`.
FEATURES = ["batches", "unique"]
SETTINGS = [Setting("plain"), Setting("password", PASSWORD), Setting("TLS", PASSWORD, tls=True)]


def play(setting, producer, worker, deeds=operators.ACTS):
    """All acts of one pair on one server, and what the worker's library does as an operator."""
    server = Server(setting)
    try:
        for act in pairs.ACTS:
            perform(act, server, producer, worker)
        pairs.tallied(server, producer, worker)
        if setting.password:
            perform(pairs.wrong_password, server, producer, worker)
        if LIBRARY in (producer, worker):
            perform(pairs.typed, server, producer, worker)
        for act, verbs in deeds:
            if verbs <= worker.operates:
                perform(act, server, worker)
    finally:
        server.stop()


def enterprise(feature):
    """What Faktory sells, by the crate that has it all, on one server."""
    server = Server(SETTINGS[0])
    began = time.monotonic()
    try:
        cast.enterprise(feature, server.door())
    finally:
        server.stop()
    print(f"  enterprise  {feature:37} {time.monotonic() - began:6.1f} s", flush=True)


def perform(act, server, *clients):
    """One act, with its duration."""
    began = time.monotonic()
    act(server, *clients)
    who = " -> ".join(f"{client.name:10}" for client in clients)
    print(f"  {server.setting.name:8}  {who:24}  {act.__name__:19} {time.monotonic() - began:6.1f} s", flush=True)


def main():
    began = time.monotonic()
    plays, skipped = [], 0
    for setting in SETTINGS:
        able = []
        for client in [*CAST, LIBRARY]:
            if why := unable(client, setting):
                print(f"NOT RUN: {client} over {setting.name}: {why}", flush=True)
                skipped += 1
            else:
                able.append(client)
        plays += [(setting, able[n - 1], client) for n, client in enumerate(able)]
    # In the ring the library stands between two of them; here are the others.
    plays += [(SETTINGS[0], client, LIBRARY, ()) for client in CAST[:-1]]
    plays += [(SETTINGS[0], LIBRARY, client, ()) for client in CAST[1:]]
    # Most of what they do is to wait.
    with ThreadPoolExecutor(len(plays) + len(FEATURES)) as pool:
        acts = [pool.submit(play, *names) for names in plays] + [pool.submit(enterprise, what) for what in FEATURES]
        for played in acts:
            played.result()
    seconds = time.monotonic() - began
    print(f"real clients, each in {len(SETTINGS)} settings: {len(plays)} passed, {skipped} skipped, in {seconds:.0f} s")


if __name__ == "__main__":
    try:
        main()
    except AssertionError as failed:
        sys.exit(f"FAILED: {failed}")
