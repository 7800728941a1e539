import type { ChildProcess } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { Agent } from 'node:http';
import { until } from '@muster/testing/until.js';
import { type Sender, type StoreHome, ended, forkStore, listening, sender } from './store-under-test.js';

/** A store of several processes, and whom of them a client speaks to. */
export class StoreOfWorkers {
  private readonly agents: Agent[] = [];
  private log = '';

  private constructor(
    readonly child: ChildProcess,
    readonly port: number,
  ) {
    child.stdout?.on('data', (part: Buffer) => (this.log += part.toString()));
  }

  static async start(home: StoreHome, options: { preload?: string } = {}): Promise<StoreOfWorkers> {
    const child = forkStore(home, options);
    return new StoreOfWorkers(child, await listening(child));
  }

  /** Over whatever connections there are. */
  get s3(): Sender {
    return sender(this.port);
  }

  /** Clients of one connection each. Connections go to the workers in turn: as many lanes as workers are one for each. */
  async lanes(count: number): Promise<Sender[]> {
    const lanes: Sender[] = [];
    for (let lane = 0; lane < count; lane += 1) {
      const agent = new Agent({ keepAlive: true, maxSockets: 1 });
      this.agents.push(agent);
      const s3 = sender(this.port, agent);
      await s3('GET', '/');
      lanes.push(s3);
    }
    return lanes;
  }

  /** Process number of the worker that answered; the store must log at `debug`. */
  async servedBy(requestId: string | string[] | undefined): Promise<number> {
    const line = () => this.log.split('\n').find((one) => one.includes(`"requestId":"${String(requestId)}"`));
    await until(() => line() !== undefined);
    return (JSON.parse(line()!) as { pid: number }).pid;
  }

  /** Process numbers of the workers that live now. */
  workers(): number[] {
    const { pid } = this.child;
    return readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim().split(' ').filter(Boolean).map(Number);
  }

  /** Ends everything, and returns when it has ended. */
  async kill(): Promise<void> {
    for (const agent of this.agents) agent.destroy();
    const workers = this.child.exitCode === null && this.child.signalCode === null ? this.workers() : [];
    this.child.kill('SIGKILL');
    await ended(this.child);
    await until(() => workers.every((pid) => !lives(pid)));
  }
}

/** Whether a process runs: one that has ended and is not waited for yet does not. */
export function lives(pid: number): boolean {
  const path = `/proc/${pid}/stat`;
  try {
    return existsSync(path) && !/^\d+ \(.*\) [ZX]/s.test(readFileSync(path, 'utf8'));
  } catch {
    return false;
  }
}
