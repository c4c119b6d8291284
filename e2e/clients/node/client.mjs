// npm `faktory-worker` as producer and as worker. What is asked of it: ../README.md.
import { appendFileSync } from "node:fs";
import { createInterface } from "node:readline";
import faktory from "faktory-worker";

async function produce() {
  const client = await faktory.connect();
  for await (const line of createInterface({ input: process.stdin })) {
    const { queue, jobtype, args, retry, at } = JSON.parse(line);
    const job = client.job(jobtype, ...args);
    job.queue = queue;
    if (retry !== undefined) job.retry = retry;
    if (at !== undefined) job.at = at;
    const jid = await job.push();
    process.stdout.write(`${JSON.stringify({ jid, args })}\n`);
  }
  await client.close();
}

async function work(slots, queues) {
  const record = ({ jid, args }) =>
    appendFileSync(process.env.RECORDS, `${JSON.stringify({ jid, args, at: Date.now() / 1000 })}\n`);
  faktory.register("Record", () => ({ job }) => record(job));
  faktory.register("Fail", () => ({ job }) => {
    record(job);
    throw new Error("failed <as told>");
  });
  await faktory.work({ concurrency: Number(slots), queues });
}

const [role, ...rest] = process.argv.slice(2);
await (role === "produce" ? produce() : work(rest[0], rest.slice(1)));
