import { type ChildProcess, fork } from 'node:child_process';
import { join } from 'node:path';

/** Conditional polls of many devices, from a process of its own. */
export interface PollLoad {
  readonly port: number;
  readonly path: string;
  readonly site: string;
  /** Of access tokens, in Base64. */
  readonly secret: string;
  readonly devices: number;
  /** What device n has is `tags[n % tags.length]`. */
  readonly tags: readonly string[];
  /** `each`: one device after the other; `any`: whichever. */
  readonly order: 'each' | 'any';
  readonly connections: number;
  readonly seconds: number;
  /** Polls at most. Default: as many as there is time for. */
  readonly most?: number;
  /** Polls that are due per second; default: each connection asks again as soon as it is answered. */
  readonly ratePerSecond?: number;
}

export interface PollResult {
  readonly polls: number;
  readonly seconds: number;
  /** Milliseconds of each poll. */
  readonly latencies: readonly number[];
  /** How many had each status. */
  readonly statuses: Readonly<Record<string, number>>;
}

/** Runs a load to its end. @throws Error when an answer was anything but 304, unless `allowed` has it */
export async function poll(load: PollLoad, allowed: readonly string[] = ['304']): Promise<PollResult> {
  const child = startChild('poll-load-process.js');
  const result = await askChild<PollResult>(child, load);
  child.disconnect();
  const others = Object.entries(result.statuses).filter(([status]) => !allowed.includes(status));
  if (others.length > 0) throw new Error(`polls were answered with ${JSON.stringify(result.statuses)}`);
  return result;
}

/** Sends a child a message and waits for its next one. @throws Error when it ends instead */
export function askChild<Answer>(child: ChildProcess, message: object | string): Promise<Answer> {
  return new Promise<Answer>((resolve, reject) => {
    const onExit = (code: number | null): void => reject(new Error(`the load process ended with ${code}`));
    child.once('exit', onExit);
    child.once('message', (answer) => {
      child.off('exit', onExit);
      resolve(answer as Answer);
    });
    child.send(message);
  });
}

/** A process that answers 304 to everything; its port. It ends with this process. */
export async function startBareServer(): Promise<{ port: number; pid: number; stop(): void }> {
  const child = startChild('bare-server.js');
  const port = await new Promise<number>((resolve) => child.once('message', (message) => resolve(Number(message))));
  return { port, pid: child.pid ?? 0, stop: () => child.disconnect() };
}

/** A program of this folder in a process of its own. It ends with this process. */
export function startChild(name: string): ChildProcess {
  return fork(join(import.meta.dirname, name), { serialization: 'advanced' });
}
