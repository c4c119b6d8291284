// A client of the work protocol with nothing in it: one line out, one reply in.

import assert from "node:assert/strict";
import { once } from "node:events";
import net from "node:net";
import readline from "node:readline";
import { within } from "./until.js";

export class Faktory {
  /** `worker`: members of HELLO that make this a worker's connection. */
  static async connect(server, worker = {}) {
    const client = new Faktory();
    client.socket = net.connect(server.port, "127.0.0.1");
    await once(client.socket, "connect");
    client.lines = readline.createInterface({ input: client.socket, crlfDelay: Infinity })[Symbol.asyncIterator]();
    assert.equal(await client.line(), '+HI {"v":2}');
    assert.equal(await client.ask(`HELLO ${JSON.stringify({ v: 2, ...worker })}`), "OK");
    return client;
  }

  async line() {
    const { value, done } = await this.lines.next();
    assert(!done, "the server hung up");
    return value;
  }

  /** Sends a command; gives the text of its reply, `null` for none. */
  async ask(command) {
    this.socket.write(`${command}\r\n`);
    const line = await within(this.line(), `the reply to ${command}`);
    if (line.startsWith("+")) {
      return line.slice(1);
    }
    assert(line.startsWith("$"), `${command} was answered ${line}`);
    return line === "$-1" ? null : this.line();
  }

  async push(job) {
    assert.equal(await this.ask(`PUSH ${JSON.stringify({ args: [], ...job })}`), "OK");
  }

  /** Takes the next job of a queue. */
  async fetch(queue) {
    const job = await this.ask(`FETCH ${queue}`);
    assert(job, `nothing in ${queue}`);
    return JSON.parse(job);
  }

  async fail(jid, failure) {
    assert.equal(await this.ask(`FAIL ${JSON.stringify({ jid, ...failure })}`), "OK");
  }

  close() {
    this.socket.destroy();
  }
}
