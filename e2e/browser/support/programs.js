// Starts the programs under test, and stops them.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import net from "node:net";
import { tmpdir } from "node:os";
import path from "node:path";
import { until, within } from "./until.js";

/** A port that nobody listens at. */
async function freePort() {
  const server = net.createServer().listen(0, "127.0.0.1");
  await once(server, "listening");
  const { port } = server.address();
  server.close();
  await once(server, "close");
  return port;
}

/** A child process whose output is kept. */
class Program {
  constructor(file, args, env) {
    this.output = "";
    this.child = spawn(file, args, { env: { ...process.env, ...env }, stdio: ["ignore", "pipe", "pipe"] });
    this.ended = once(this.child, "close");
    for (const stream of [this.child.stdout, this.child.stderr]) {
      stream.setEncoding("utf8");
      stream.on("data", (text) => {
        this.output += text;
      });
    }
  }

  /** How often the output says this. */
  count(text) {
    return this.output.split(text).length - 1;
  }

  async says(text, times = 1) {
    await until(() => this.alive() && this.count(text) >= times, `${times} × ${JSON.stringify(text)}`, () => this.output);
  }

  /** Fails when the program has ended by itself. */
  alive() {
    const { exitCode, signalCode } = this.child;
    assert(exitCode === null && signalCode === null, `ended with ${exitCode ?? signalCode}:\n${this.output.slice(-4_000)}`);
    return true;
  }

  async stop() {
    if (this.child.exitCode === null && this.child.signalCode === null) {
      this.child.kill("SIGTERM");
    }
    await this.ended;
  }
}

/**
 * A server of its own directory, and of its own ports if none are named; `stop()` it. `toml`: what its folder `conf.d` says.
 */
export async function startServer(ports, toml = "") {
  const directory = await mkdtemp(path.join(tmpdir(), "bessemer-browser-"));
  const configuration = path.join(directory, "configuration");
  await mkdir(path.join(configuration, "conf.d"), { recursive: true });
  await writeFile(path.join(configuration, "conf.d", "browser.toml"), toml);
  const [port, webPort] = ports ?? [await freePort(), await freePort()];
  const addresses = ["-b", `127.0.0.1:${port}`, "-w", `127.0.0.1:${webPort}`];
  const args = [...addresses, "-d", path.join(directory, "store"), "-c", configuration, "-e", "development"];
  const program = new Program(process.env.BESSEMER_BIN, args, { FAKTORY_PASSWORD: "" });
  const url = `http://127.0.0.1:${webPort}`;
  const ready = async () => program.alive() && (await fetch(`${url}/health/ready`)).ok;
  await until(ready, "a server that is ready", () => program.output);
  return {
    port,
    ports: [port, webPort],
    url,
    stats: async () => program.alive() && within(fetch(`${url}/stats`).then((answer) => answer.json()), "/stats"),
    async stop() {
      await program.stop();
      await rm(directory, { recursive: true });
    },
  };
}

/** One of the library's example programs, working for this server; `stop()` it. */
export function startExample(name, server) {
  const file = path.join(process.env.BESSEMER_EXAMPLES, name);
  return new Program(file, [], { FAKTORY_URL: `tcp://127.0.0.1:${server.port}`, RUST_BACKTRACE: "1" });
}

/** The made-up shop of `bessemer demo`, for this server; `stop()` it. */
export function startDemo(server) {
  const args = ["demo", "--rate", "40", "--url", `tcp://127.0.0.1:${server.port}`];
  return new Program(process.env.BESSEMER_BIN, args, { FAKTORY_PASSWORD: "", FAKTORY_URL: "", FAKTORY_PROVIDER: "" });
}
