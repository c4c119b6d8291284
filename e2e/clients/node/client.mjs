// npm `faktory-worker` as producer, worker and operator. What is asked of it: ../README.md.
import { appendFileSync, existsSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";
import { setTimeout } from "node:timers/promises";
import faktory from "faktory-worker";

// It takes no notice of the scheme of its address.
const { FAKTORY_URL, TRUSTED } = process.env;
const sealed = FAKTORY_URL.startsWith("tcp+tls:") ? { tlsOptions: { ca: readFileSync(TRUSTED) } } : {};

const say = (value) => process.stdout.write(`${JSON.stringify(value)}\n`);

/** Hands each line of standard input to `answer`, and says what comes of it. */
async function serve(answer) {
  const client = await faktory.connect(sealed);
  for await (const line of createInterface({ input: process.stdin })) say(await answer(client, JSON.parse(line)));
  await client.close();
}

async function produce(client, { queue, jobtype, args, retry, at }) {
  const job = client.job(jobtype, ...args);
  job.queue = queue;
  if (retry !== undefined) job.retry = retry;
  if (at !== undefined) job.at = at;
  return { jid: await job.push(), args };
}

async function operate(client, command) {
  if (command === "flush") return client.flush();
  if (command === "info") return (await client.info()).faktory;
  const { cmd, target, filter = {} } = command.mutate;
  const mutation = client[target];
  if (filter.jobtype) mutation.ofType(filter.jobtype);
  if (filter.jids) mutation.withJids(...filter.jids);
  if (filter.regexp) mutation.matching(filter.regexp);
  return mutation[cmd]();
}

async function work(slots, queues) {
  const record = ({ jid, args }) =>
    appendFileSync(process.env.RECORDS, `${JSON.stringify({ jid, args, at: Date.now() / 1000 })}\n`);
  for (const type of ["Record", "Invoice"]) faktory.register(type, () => ({ job }) => record(job));
  faktory.register("Fail", () => ({ job }) => {
    record(job);
    throw new Error("failed <as told>");
  });
  faktory.register("Hold", () => async ({ job }) => {
    record(job);
    while (!existsSync(process.env.RELEASE)) await setTimeout(50);
  });
  await faktory.work({ concurrency: Number(slots), queues, beatInterval: 1, ...sealed });
}

const [role, ...rest] = process.argv.slice(2);
const roles = { produce: () => serve(produce), operate: () => serve(operate), work: () => work(rest[0], rest.slice(1)) };
await roles[role]();
