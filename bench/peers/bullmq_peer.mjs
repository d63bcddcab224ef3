// BullMQ, 50 at once, three attempts with exponential backoff, everything else at its defaults.
import { createRequire } from "node:module";

const { Queue, Worker } = createRequire(`${process.env.MODULES}/package.json`)("bullmq");
const url = new URL(process.env.REDIS_URL);
const connection = { host: url.hostname, port: Number(url.port), maxRetriesPerRequest: null };
const N = Number(process.env.N);

// as bench/src/event.rs spells it
function event(number) {
  const key = `ACM-7-TASK${String(number % 1000).padStart(3, "0")}`;
  return {
    event_id: `5b1e8c52-7a90-4f0e-9d0b-${String(number).padStart(12, "0")}`, event_type: "TASK_UPDATED",
    timestamp: "2026-03-02T09:15:04.120331", aggregate_id: key, aggregate_type: "Task",
    event_data: { task_id: key, project_id: "ACM-7", sprint_id: "ACM-7-S02", status: "in_progress",
      progress_percentage: 42, updated_at: "2026-03-02T09:15:04.120331", assigned_to: "E017" },
    metadata: { source_service: "SprintService", correlation_id: "90aa41d7-13c2-4d0e-8a55-6f5b0b7f2d34" },
  };
}

if (process.argv[2] === "fill") {
  const queue = new Queue("ev", { connection });
  const opts = { attempts: 3, backoff: { type: "exponential", delay: 1000 } };
  for (let first = 0; first < N; first += 500) {
    await queue.addBulk(Array.from({ length: 500 }, (_, n) => ({ name: "e", data: event(first + n), opts })));
  }
  await queue.close();
} else {
  let done = 0, started = 0;
  const handle = async (job) => { started ||= performance.now(); return job.data.none; };
  const worker = new Worker("ev", handle, { connection, concurrency: 50 });
  worker.on("completed", () => {
    done += 1;
    if (done === N) {
      console.log("RESULT", done, (performance.now() - started) / 1000);
      process.exit(0);
    }
  });
}
