import { type ChildProcess, fork } from 'node:child_process';
import { mkdir, readdir } from 'node:fs/promises';
import type { Socket } from 'node:net';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Logger } from 'pino';
import type { StoreConfig } from '../config.js';
import type { Coordinator } from '../coordinator/coordinator.js';
import type { Credentials } from '../credentials.js';
import { removeIfPresent } from '../folder/durable-files.js';
import type { Layout } from '../folder/layout.js';
import { STOP_SECONDS } from '../http/connections.js';
import { CallDesk } from './call-desk.js';
import type { FromWorker, ToWorker } from './messages.js';
import { restartDelay } from './restart-delay.js';
import type { Servers } from './servers.js';

const PROGRAM = fileURLToPath(new URL('worker.js', import.meta.url));
/** Beyond what requests in flight get. */
const STOP_GRACE_SECONDS = 2;

interface Settings {
  config: StoreConfig;
  credentials: Credentials;
  coordinator: Coordinator;
  layout: Layout;
  logger: Logger;
}

/** The place of one worker, and of those who replace it. */
interface Slot {
  name: string;
  /** Folder for what it receives. */
  unfinished: string;
  /** To be called when a worker is ready. */
  ready(): void;
}

interface Worker {
  child: ChildProcess;
  desk: CallDesk;
  /** Connections on their way to it, by number. They are open here, too, until it says that it has them. */
  handedOver: Map<number, Socket>;
  isReady: boolean;
}

/** Several processes that serve connections, each in its turn. One that ends is replaced, and what it held is given free. */
export class Workers implements Servers {
  private readonly workers = new Set<Worker>();
  /** Connections for which there was no worker. */
  private readonly waiting: Socket[] = [];
  private readonly restarts = new Set<NodeJS.Timeout>();
  private readonly cleanings = new Set<Promise<void>>();
  private lastConnection = 0;
  private stopping = false;

  constructor(private readonly settings: Settings) {}

  /** Starts `config.processes` workers and returns when all of them are ready. Connections taken before wait. */
  async start(): Promise<void> {
    const slots = Array.from({ length: this.settings.config.processes }, async (_, at) => {
      const name = `worker-${at + 1}`;
      // Once, and not at every start of a worker: then the disk may be full.
      const unfinished = join(this.settings.layout.temporary, name);
      await mkdir(unfinished, { mode: 0o700 });
      await new Promise<void>((ready) => this.startWorker({ name, unfinished, ready }, 0));
    });
    await Promise.all(slots);
  }

  take(socket: Socket): void {
    if (this.stopping) {
      socket.destroy();
      return;
    }
    const worker = this.next();
    if (!worker) {
      this.waiting.push(socket);
      return;
    }
    this.lastConnection += 1;
    worker.handedOver.set(this.lastConnection, socket);
    const message: ToWorker = { type: 'connection', connection: this.lastConnection };
    // What does not get to it, for it is ending, goes to another one when it has ended.
    worker.child.send(message, socket, { keepOpen: true }, () => undefined);
  }

  async stop(): Promise<void> {
    this.stopping = true;
    for (const restart of this.restarts) clearTimeout(restart);
    for (const socket of this.waiting) socket.destroy();
    const message: ToWorker = { type: 'stop' };
    await Promise.all(
      [...this.workers].map(async ({ child }) => {
        const exit = ended(child);
        const deadline = setTimeout(() => child.kill('SIGKILL'), (STOP_SECONDS + STOP_GRACE_SECONDS) * 1000);
        // Told to one that is ending by itself, it gets nowhere, and the end is what is waited for.
        child.send(message, () => undefined);
        await exit;
        clearTimeout(deadline);
      }),
    );
    await Promise.all(this.cleanings);
  }

  /** Starts a worker, and another one whenever it ends. */
  private startWorker(slot: Slot, failures: number): void {
    const { logger } = this.settings;
    const startedAt = Date.now();
    const child = fork(PROGRAM);
    const desk = new CallDesk(this.settings.coordinator);
    const worker: Worker = { child, desk, handedOver: new Map(), isReady: false };
    this.workers.add(worker);
    child.on('message', (message: FromWorker) => this.onMessage(slot, worker, message));
    const replace = async (): Promise<void> => {
      const how = await ended(child);
      this.workers.delete(worker);
      await this.clean(worker, slot);
      if (this.stopping) return;
      const next = restartDelay(failures, Date.now() - startedAt);
      const { delayMilliseconds } = next;
      logger.error(
        { worker: slot.name, workerPid: child.pid, how, delayMilliseconds },
        'a worker ended and is replaced',
      );
      const restart = setTimeout(() => {
        this.restarts.delete(restart);
        this.startWorker(slot, next.failures);
      }, delayMilliseconds);
      this.restarts.add(restart);
    };
    const cleaning = replace().finally(() => this.cleanings.delete(cleaning));
    this.cleanings.add(cleaning);
  }

  private onMessage(slot: Slot, worker: Worker, message: FromWorker): void {
    const tell = (answer: ToWorker): void => {
      // To one that has ended meanwhile: nobody waits for it any more.
      worker.child.send(answer, () => undefined);
    };
    switch (message.type) {
      case 'hello': {
        const { config, credentials, layout } = this.settings;
        const folders = { blobs: layout.blobs, buckets: layout.buckets };
        const { unfinished } = slot;
        tell({ type: 'orders', config, credentials: [...credentials.values()], folders, unfinished });
        return;
      }
      case 'ready':
        worker.isReady = true;
        this.settings.logger.info({ worker: slot.name, workerPid: worker.child.pid }, 'a worker is ready');
        slot.ready();
        for (const socket of this.waiting.splice(0)) this.take(socket);
        return;
      case 'taken':
        worker.handedOver.get(message.connection)?.destroy();
        worker.handedOver.delete(message.connection);
        return;
      case 'call':
        void worker.desk.answer(message).then(tell);
        return;
      default:
        message satisfies never;
    }
  }

  /** Those that are ready in turn: whoever was asked last comes last. */
  private next(): Worker | undefined {
    for (const worker of this.workers) {
      if (!worker.isReady || !worker.child.connected) continue;
      this.workers.delete(worker);
      this.workers.add(worker);
      return worker;
    }
    return undefined;
  }

  /** Brings to its end what a worker that has ended asked for, and removes what it left. */
  private async clean(worker: Worker, { unfinished }: Slot): Promise<void> {
    for (const socket of worker.handedOver.values()) this.take(socket);
    await worker.desk.close();
    try {
      for (const name of await readdir(unfinished)) await removeIfPresent(join(unfinished, name));
    } catch (error) {
      this.settings.logger.error({ err: error }, 'what a worker left is still there; the next start removes it');
    }
  }
}

/** Waits for the end of a process, or for the failure to start it. */
function ended(child: ChildProcess): Promise<string> {
  return new Promise((resolve) => {
    child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
    child.once('error', (error) => {
      if (child.pid === undefined) resolve(error.message);
    });
  });
}
