import { askChild, startChild } from './poll-load.js';

/** Agents that all come back at once: each connects, opens a session with its key, and polls. */
export interface ReconnectLoad {
  readonly port: number;
  readonly site: string;
  /** Of all devices, PKCS #8 PEM. */
  readonly privateKey: string;
  /** The ETag of the policy that they have. */
  readonly tag: string;
  readonly agents: number;
  /** In which they all begin. */
  readonly withinMilliseconds: number;
  /** Who is not served by then is given up. */
  readonly mostSeconds: number;
}

/** The part of one process. */
export interface ReconnectPart extends ReconnectLoad {
  readonly first: number;
}

export interface ReconnectResult {
  /** Milliseconds from the time at which each agent began until its poll was answered; of those that were served. */
  readonly latencies: readonly number[];
  /** How often an attempt ended in what: the status of a refusal, `closed`, or the code of an error. */
  readonly failures: Readonly<Record<string, number>>;
}

/** Runs a load to its end, from as many processes; `begin` is called when all are ready. */
export async function reconnect(load: ReconnectLoad, processes: number, begin: () => void): Promise<ReconnectResult> {
  const children = Array.from({ length: processes }, () => startChild('reconnect-load-process.js'));
  const agents = Math.ceil(load.agents / processes);
  await Promise.all(
    children.map((child, index) => {
      const first = index * agents;
      const part = { ...load, first, agents: Math.min(agents, load.agents - first) };
      return askChild(child, part satisfies ReconnectPart);
    }),
  );
  begin();
  const results = await Promise.all(children.map((child) => askChild<ReconnectResult>(child, 'go')));
  for (const child of children) child.disconnect();
  const failures: Record<string, number> = {};
  for (const result of results)
    for (const [how, count] of Object.entries(result.failures)) failures[how] = (failures[how] ?? 0) + count;
  return { latencies: results.flatMap(({ latencies }) => latencies), failures };
}
