"""The server as a process: started on free ports and a temporary folder, asked through its pages."""

import base64
import html
import json
import os
import re
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request

PATIENCE = 30  # seconds until a condition that does not come true is a failure


def until(condition, what, patience=PATIENCE):
    """Asks again and again until the answer is true, and returns it."""
    deadline = time.monotonic() + patience
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.05)  # between two looks; nothing is timed by it
    return answer


class Server:
    """A running server."""

    def __init__(self, password=None):
        self.folder = tempfile.TemporaryDirectory(prefix="bessemer-clients-")
        self.password = password
        env = {name: value for name, value in os.environ.items() if not name.startswith("FAKTORY_")}
        if password:
            env["FAKTORY_PASSWORD"] = password
        command = [os.environ["BESSEMER_BIN"], "-b", "127.0.0.1:0", "-w", "127.0.0.1:0", "-d", self.folder.name]
        self.process = subprocess.Popen(
            command, env=env, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True
        )
        self.log = []
        threading.Thread(target=lambda: self.log.extend(self.process.stdout), daemon=True).start()
        try:
            self.web = self._listening(r"Web server now listening at (\S+:\d+)")
            self.work = self._listening(r"PID \d+ listening at (\S+:\d+)")
        except AssertionError:
            self.process.kill()
            raise

    def _listening(self, pattern):
        found = until(
            lambda: self.process.poll() is not None or re.search(pattern, "".join(self.log)), f"the server says {pattern}"
        )
        if found is True:
            raise AssertionError("the server ended:\n" + "".join(self.log))
        return found.group(1)

    def url(self, password=None):
        """Its address for clients; with `password` in place of its own."""
        password = password or self.password
        return f"tcp://:{password}@{self.work}" if password else f"tcp://{self.work}"

    def stats(self):
        return json.loads(self._request("/stats"))["faktory"]

    def keys(self, page):
        """The entries of a page of the dashboard, by jid."""
        links = re.findall(rf'href="[^"]*/{page}/([^"]+)"', self._request(f"/{page}"))
        keys = (urllib.parse.unquote_plus(html.unescape(link)) for link in links)
        return {key.split("|", 1)[1]: key for key in keys if "|" in key}

    def text(self, path):
        """A page as a reader sees its text."""
        return html.unescape(re.sub(r"<[^>]*>", " ", self._request(path)))

    def act(self, page, action, key):
        """Presses a button of the dashboard for one entry."""
        self._request(f"/{page}", urllib.parse.urlencode({"action": action, "key": key}).encode())

    def _request(self, path, form=None):
        request = urllib.request.Request(f"http://{self.web}{path}", data=form)
        if self.password:
            # Any user name will do.
            request.add_header("Authorization", "Basic " + base64.b64encode(f":{self.password}".encode()).decode())
        with urllib.request.urlopen(request, timeout=10) as reply:
            return reply.read().decode()

    def stop(self):
        """A graceful stop; the server has 10 seconds for it."""
        self.process.terminate()
        try:
            assert self.process.wait(15) == 0, f"exit code {self.process.returncode}:\n{''.join(self.log)}"
        finally:
            self.process.kill()
            self.folder.cleanup()
