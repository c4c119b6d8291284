// A server with something of every feature that a job may ask for: batches, throttles, cron, unique keys and progress.

import { Faktory } from "./faktory.js";
import { startServer } from "./programs.js";

const CONFIGURATION = `
[throttles]
partner-api = { concurrency = 2 }
letters = { rate = 100, per = 60, burst = 10 }
reports = { worker = 1 }

[[cron]]
id = "nightly-report"
schedule = "0 3 * * *"
tz = "Europe/Paris"
  [cron.job]
  type = "Report"
  queue = "reports"

[[cron]]
id = "cart-reminder"
schedule = "*/15 * * * *"
  [cron.job]
  type = "RemindOfCart"
  queue = "mail"

[[cron]]
id = "archive"
schedule = "@weekly"
enabled = false
  [cron.job]
  type = "Archive"
`;

/** A server whose queues have limits, and whose cron has entries. */
export const startConfigured = () => startServer(undefined, CONFIGURATION);

/** The same with a worker, `{ server, worker, stop }`. */
export async function startFeatures() {
  return hire(await startConfigured());
}

/** A worker for a server. */
export async function hire(server) {
  const worker = await Faktory.connect(server, { wid: "importer-1", hostname: "box", pid: 42, labels: ["rust"] });
  const stop = async () => {
    worker.close();
    await server.stop();
  };
  return { server, worker, stop };
}

/** A batch of so many jobs, committed: they wait in the queue of this name. Its id. */
export async function pushBatch(client, queue, jobs, plan = {}) {
  const bid = await client.ask(`BATCH NEW ${JSON.stringify({ success: { jobtype: "Report", queue: "reports" }, ...plan })}`);
  for (let n = 1; n <= jobs; n += 1) {
    await client.push({ jid: `${queue}-${String(n).padStart(4, "0")}`, jobtype: "Letter", args: [n], queue, custom: { bid } });
  }
  await client.ask(`BATCH COMMIT ${bid}`);
  return bid;
}

/** Something of everything: batches in each state, slots that are taken, a run of an entry, keys, and progress. */
export async function seedFeatures({ server, worker }) {
  const ack = async (jid) => worker.ask(`ACK ${JSON.stringify({ jid })}`);
  const report = { complete: { jobtype: "TidyUp", queue: "reports" }, death: { jobtype: "TellSomebody" } };
  const january = await pushBatch(worker, "january", 8, { description: "Letters of January", ...report });
  for (let n = 0; n < 5; n += 1) {
    await ack((await worker.fetch("january")).jid);
  }
  const failed = await worker.fetch("january");
  await worker.fail(failed.jid, { errtype: "SmtpTimeout", message: "no answer from mail.example:25", backtrace: [] });
  await pushBatch(worker, "part", 3, { description: "Envelopes", parent_bid: january });
  await pushBatch(worker, "welcome", 1, { description: "Welcome a customer" });
  await ack((await worker.fetch("welcome")).jid);
  const cancelled = await pushBatch(worker, "mistake", 2, { description: "A mistake" });
  await worker.ask(`BATCH CANCEL ${cancelled}`);
  await worker.ask(`BATCH NEW ${JSON.stringify({ description: "Being filled", success: { jobtype: "Report" } })}`);

  for (let n = 1; n <= 5; n += 1) {
    await worker.push({ jid: `partner-${n}-00001`, jobtype: "CallPartner", args: [{ order: n }], queue: "partner-api" });
    await worker.push({ jid: `letter-${n}-00001`, jobtype: "Letter", args: [n], queue: "letters" });
  }
  await worker.fetch("partner-api");
  await worker.fetch("partner-api");
  await worker.fetch("letters");

  const custom = { unique_for: 86_400 };
  await worker.push({ jid: "reindex-0001", jobtype: "Reindex", args: [7], queue: "search", custom });
  await worker.push({ jid: "reindex-0002", jobtype: "Reindex", args: [8], queue: "search", custom: { ...custom, unique_until: "start" } });
  await worker.push({ jid: "invoice-0001", jobtype: "SendInvoice", args: [1], queue: "search", custom: { ...custom, unique_until: "expiry" } });

  await worker.push({ jid: "import-0001", jobtype: "Import", args: ["a.csv"], queue: "bulk", custom: { track: 1 } });
  await worker.fetch("bulk");
  await worker.ask('TRACK SET {"jid":"import-0001","percent":40,"desc":"page 40 of 100"}');

  for (const deed of ["run", "run"]) {
    await fetch(`${server.url}/api/v1/cron/cart-reminder/${deed}`, { method: "POST" });
  }
  await ack((await worker.fetch("mail")).jid);
  await fetch(`${server.url}/api/v1/cron/nightly-report/pause`, { method: "POST" });
  return { january, cancelled };
}
