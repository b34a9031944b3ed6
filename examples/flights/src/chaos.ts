import type { EventSource, JobEvents } from "@tutti/runtime";
import { leaderOf, type Cluster } from "./cluster.ts";
import type { Member } from "./processes.ts";
import type { Kill } from "./timeline.ts";

/** Of the tasks of a job's first stage so many are done when the blow falls: in the middle. */
const doneBefore = 5;

/** Kills a worker in the first job, the leading master and the leading server in the second. */
export function disturb(events: EventSource<JobEvents>, cluster: Cluster, tell: (line: string) => void): Kill[] {
  const kills: Kill[] = [];
  const jobs: number[] = [];
  const done = new Map<number, number>();

  const kill = (member: Member, worker?: string): void => {
    kills.push({ title: member.title, atMs: Date.now(), ...(worker === undefined ? {} : { worker }) });
    member.kill();
    tell(`✗ ${member.title} is killed (process ${member.pid})`);
  };

  events.on("jobStarted", ({ jobId }) => {
    if (!jobs.includes(jobId)) jobs.push(jobId);
  });
  events.on("taskFinished", ({ jobId, stage, worker }) => {
    if (stage !== 0) return;
    const count = (done.get(jobId) ?? 0) + 1;
    done.set(jobId, count);
    if (count !== doneBefore) return;
    if (jobId === jobs[0]) {
      const member = cluster.workers.find((one) => one.lastLine() === `registered as ${worker}`);
      if (member !== undefined) kill(member, worker);
    } else if (jobId === jobs[1]) {
      kill(leaderOf(cluster.masters));
      const server = cluster.servers.find((one) => one.lastLine() === "serves as leader");
      if (server !== undefined) kill(server);
    }
  });
  return kills;
}
