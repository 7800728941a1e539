import { EventEmitter } from 'node:events';
import { join } from 'node:path';
import { Child, type ChildEvent, type ChildSpec } from './child.js';
import { ChildRecords } from './leftovers.js';
import { RotatingLog } from './rotating-log.js';
import { UpError } from './up-error.js';

const defaultTier = 3;

/** Starts the processes of a site, keeps them running and stops them in order. Emits `child` with a `ChildEvent`. */
export class Supervisor extends EventEmitter<{ child: [ChildEvent] }> {
  readonly #children = new Map<string, { child: Child; log: RotatingLog }>();
  readonly #records: ChildRecords;
  #stopping = false;

  /** Logs go to `<logFolder>/<name>.log`; `recordFile` remembers the processes for a start after a crash. */
  constructor(
    private readonly logFolder: string,
    recordFile: string,
  ) {
    super();
    this.#records = new ChildRecords(recordFile);
  }

  /** Starts a child and resolves when it is ready. Rejects with `up.child-failed`; the child is then not supervised. */
  async start(spec: ChildSpec): Promise<void> {
    if (this.#stopping) throw new UpError('up.child-failed', `${spec.name} did not start: the site is stopping`);
    if (this.#children.has(spec.name)) throw new Error(`a child named ${spec.name} already exists`);
    const log = new RotatingLog(join(this.logFolder, `${spec.name}.log`));
    const child = new Child(spec, {
      log,
      started: (pid) => this.#records.add(spec.name, pid),
      ended: () => this.#records.remove(spec.name),
      event: (event) => this.emit('child', event),
    });
    this.#children.set(spec.name, { child, log });
    try {
      await child.start();
    } catch (error) {
      this.#children.delete(spec.name);
      log.close();
      throw error;
    }
  }

  /** Stops one child and forgets it; an unknown name does nothing. */
  async stop(name: string): Promise<void> {
    const entry = this.#children.get(name);
    if (entry === undefined) return;
    await entry.child.stop();
    this.#children.delete(name);
    entry.log.close();
  }

  /** Stops everything: the highest tier first, the children of one tier together. Nothing starts from now on. */
  async stopAll(): Promise<void> {
    this.#stopping = true;
    const tiers = new Map<number, string[]>();
    for (const [name, { child }] of this.#children) {
      const tier = child.spec.tier ?? defaultTier;
      tiers.set(tier, [...(tiers.get(tier) ?? []), name]);
    }
    for (const tier of [...tiers.keys()].sort((a, b) => b - a)) {
      await Promise.all((tiers.get(tier) ?? []).map((name) => this.stop(name)));
    }
  }

  /** Process numbers of the running children by name. */
  pids(): Record<string, number> {
    const running: Record<string, number> = {};
    for (const [name, { child }] of this.#children) if (child.pid !== null) running[name] = child.pid;
    return running;
  }

  /** True while the named child runs and has shown that it works. */
  isReady(name: string): boolean {
    return this.#children.get(name)?.child.isReady ?? false;
  }
}
