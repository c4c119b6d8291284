"""The server as a process: started on free ports and a temporary folder, asked and operated through its pages."""

import base64
import html
import json
import os
import re
import ssl
import subprocess
import tempfile
import threading
import time
import urllib.error
import urllib.parse
import urllib.request
from dataclasses import dataclass
from pathlib import Path

PATIENCE = 30  # seconds until a condition that does not come true is a failure


def until(condition, what, patience=PATIENCE):
    """Asks again and again until the answer is true, and returns it."""
    deadline = time.monotonic() + patience
    while not (answer := condition()):
        if time.monotonic() > deadline:
            raise AssertionError(f"not within {patience} s: {what}")
        time.sleep(0.05)  # between two looks; nothing is timed by it
    return answer


@dataclass(frozen=True)
class Setting:
    """How a server is reached."""

    name: str
    password: str = ""
    tls: bool = False


class Server:
    """A running server."""

    def __init__(self, setting):
        self.setting = setting
        self.folder = tempfile.TemporaryDirectory(prefix="bessemer-clients-")
        config = Path(self.folder.name, "config")
        config.mkdir()
        self.certificate = certified(config) if setting.tls else None
        env = {name: value for name, value in os.environ.items() if not name.startswith("FAKTORY_")}
        if setting.password:
            env["FAKTORY_PASSWORD"] = setting.password
        command = [os.environ["BESSEMER_BIN"], "-b", "127.0.0.1:0", "-w", "127.0.0.1:0"]
        command += ["-c", str(config), "-d", str(Path(self.folder.name, "db"))]
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

    def door(self, password=None):
        """What a client is told of it, in its environment; with `password` in place of its own."""
        scheme = "tcp+tls" if self.certificate else "tcp"
        password = password or self.setting.password
        door = {"FAKTORY_URL": f"{scheme}://:{password}@{self.work}" if password else f"{scheme}://{self.work}"}
        return door | ({"TRUSTED": str(self.certificate)} if self.certificate else {})

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

    def wid(self):
        """The worker that runs, when there is one and no other."""
        button = r'name="wid" value="([^"]+)">\s*<button name="signal" value="quiet" aria-label'

        def alone():
            wids = re.findall(button, self._request("/busy?count=100"))
            return html.unescape(wids[0]) if len(wids) == 1 else None

        return until(alone, "one worker runs")

    def signal(self, wid, signal):
        """Presses the button of a worker on the Busy page."""
        self._request("/busy", urllib.parse.urlencode({"wid": wid, "signal": signal}).encode())

    def _request(self, path, form=None):
        scheme, trusted = "http", None
        if self.certificate:
            scheme, trusted = "https", ssl.create_default_context(cafile=self.certificate)
        request = urllib.request.Request(f"{scheme}://{self.web}{path}", data=form)
        if self.setting.password:
            # Any user name will do.
            proof = base64.b64encode(f":{self.setting.password}".encode()).decode()
            request.add_header("Authorization", f"Basic {proof}")
        with urllib.request.urlopen(request, timeout=10, context=trusted) as reply:
            return reply.read().decode()

    def stop(self):
        """A graceful stop; the server has 10 seconds for it."""
        self.process.terminate()
        try:
            assert self.process.wait(15) == 0, f"exit code {self.process.returncode}:\n{''.join(self.log)}"
        finally:
            self.process.kill()
            self.folder.cleanup()


def certified(config):
    """Puts a key and a certificate for this machine into a configuration folder; returns the certificate's path."""
    certificate = config / "public.cert.pem"
    names = ["-subj", "/CN=bessemer", "-addext", "subjectAltName=IP:127.0.0.1"]
    # It is nobody's authority: clients that trust it trust this server alone.
    names += ["-addext", "basicConstraints=critical,CA:FALSE"]
    command = ["openssl", "req", "-x509", "-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:P-256", "-nodes", "-days", "2"]
    command += [*names, "-keyout", str(config / "private.key.pem"), "-out", str(certificate)]
    made = subprocess.run(command, capture_output=True, text=True)
    assert made.returncode == 0, f"openssl: {made.stderr}"
    return certificate
