import { setTimeout as delay } from 'node:timers/promises';
import { deployment, type DeploymentSpec, type DeploymentStatus } from '@muster/contracts/kinds/deployment.js';
import { run as runKind } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { ApiClient } from '../api/api-client.js';
import { follow } from '../api/follow.js';
import { CliError } from '../errors/cli-error.js';
import { EXIT_CODES } from '../errors/exit-codes.js';
import { type RunEvent, RunEvents, type RunResource } from './run-events.js';

export interface WatchOptions {
  readonly signal: AbortSignal;
  /** Default: as long as it takes. */
  readonly timeoutSeconds?: number | undefined;
  onEvent(event: RunEvent): void;
  /** A line about the watching itself: a broken connection, nothing to wait for yet. */
  onNote(line: string): void;
}

/** How a deployment ended. `expired`: its time was over before every device had begun. */
export interface DeploymentOutcome {
  readonly succeeded: number;
  readonly failed: number;
  readonly targeted: number;
  /** Of their runs nothing was heard for a day. */
  readonly silent: number;
  /** They told that no run will begin: other platforms, expired, or not to run again. */
  readonly notToRun: number;
  readonly expired: boolean;
}

type DeploymentResource = Resource<DeploymentSpec, DeploymentStatus>;

const pollMilliseconds = 1000;
const catchUpMilliseconds = 3000;

/**
 * Tells every step of every device of a deployment until all targeted devices have finished.
 * Throws CliError `watch.timeout`, `watch.deleted`, or what the server answers; the abort reason when interrupted.
 */
export async function watchDeployment(
  client: ApiClient,
  name: string,
  options: WatchOptions,
): Promise<DeploymentOutcome> {
  const first = await client.get(deployment, name);
  const feed = new DeploymentFeed(first.metadata.uid, options.onEvent);
  const done = new AbortController();
  const signal = withTimeout(options, done.signal);
  const following = feed.follow(client, signal, options.onNote);
  following.catch(() => done.abort());
  try {
    const last = await untilOver(client, first, feed, signal, options);
    await feed.catchUp(client, last.status.devices, signal);
    const { succeeded, failed, targeted, waiting, running, silent = 0 } = last.status.devices;
    const { rejected = 0, expired = 0, notRerun = 0 } = last.status.devices;
    const notToRun = rejected + expired + notRerun;
    return { succeeded, failed, targeted, silent, notToRun, expired: waiting + running > 0 };
  } catch (error) {
    throwWhyStopped(options, signal);
    // The stream tells better why it ended than the abort that it caused.
    if (done.signal.aborted) await following;
    throw error;
  } finally {
    done.abort();
    await following.catch(() => undefined);
  }
}

/** Tells every step of one run until it has finished. Throws as `watchDeployment`. */
export async function watchRun(client: ApiClient, name: string, options: WatchOptions): Promise<RunResource> {
  const events = new RunEvents();
  let latest: RunResource = await client.get(runKind, name);
  const done = new AbortController();
  const signal = withTimeout(options, done.signal);
  const take = (run: RunResource): boolean => {
    for (const event of events.take(run)) options.onEvent(event);
    latest = run;
    return run.status.state === 'succeeded' || run.status.state === 'failed';
  };
  try {
    if (take(latest)) return latest;
    for await (const { type, resource } of follow(client, runKind, { name, signal, onNote: options.onNote })) {
      if (type === 'deleted') throw deleted('run', name);
      if (take(resource)) return latest;
    }
    throwWhyStopped(options, signal);
    return latest;
  } finally {
    done.abort();
  }
}

/** The runs of one deployment as events. */
class DeploymentFeed {
  private readonly events = new RunEvents();
  private readonly ended = new Set<string>();
  private nudge: () => void = () => undefined;

  constructor(
    private readonly deploymentUid: string,
    private readonly onEvent: (event: RunEvent) => void,
  ) {}

  take(run: RunResource): void {
    if (run.spec.deploymentUid !== this.deploymentUid) return;
    for (const event of this.events.take(run)) this.onEvent(event);
    if (run.status.state !== 'succeeded' && run.status.state !== 'failed') return;
    this.ended.add(run.spec.deviceUid);
    this.nudge();
  }

  async follow(client: ApiClient, signal: AbortSignal, onNote: (line: string) => void): Promise<void> {
    for await (const { type, resource } of follow(client, runKind, { signal, onNote })) {
      if (type !== 'deleted') this.take(resource);
    }
  }

  /** Waits until a run ends, or for the time. */
  async pause(milliseconds: number, signal: AbortSignal): Promise<void> {
    const wake = new AbortController();
    this.nudge = () => wake.abort();
    await delay(milliseconds, undefined, { signal: AbortSignal.any([signal, wake.signal]) }).catch(() => undefined);
    signal.throwIfAborted();
  }

  /** The counts may be ahead of the stream: waits for it, then reads what is missing. */
  async catchUp(client: ApiClient, counts: DeploymentStatus['devices'], signal: AbortSignal): Promise<void> {
    const complete = (): boolean => this.ended.size >= counts.succeeded + counts.failed;
    const deadline = performance.now() + catchUpMilliseconds;
    while (!complete() && performance.now() < deadline) await this.pause(100, signal);
    if (complete()) return;
    for await (const run of client.list(runKind)) this.take(run);
  }
}

async function untilOver(
  client: ApiClient,
  first: DeploymentResource,
  feed: DeploymentFeed,
  signal: AbortSignal,
  { onNote }: WatchOptions,
): Promise<DeploymentResource> {
  const { name, uid } = first.metadata;
  let current: DeploymentResource | undefined = first;
  let notedEmpty = false;
  for (;;) {
    if (current === undefined || current.metadata.uid !== uid) throw deleted('deployment', name);
    const { targeted, running, waiting } = current.status.devices;
    if (targeted > 0 && running === 0 && waiting === 0) return current;
    const { expiresAt } = current.spec;
    if (running === 0 && expiresAt !== undefined && Date.parse(expiresAt) <= Date.now()) return current;
    if (targeted === 0 && !notedEmpty) {
      notedEmpty = true;
      onNote(`collection "${current.spec.collection}" has no device; waiting for one`);
    }
    await feed.pause(pollMilliseconds, signal);
    current = await client.find(deployment, name);
  }
}

/** Aborted by the user, by the end of the work, or by the timeout. */
function withTimeout({ signal, timeoutSeconds }: WatchOptions, done: AbortSignal): AbortSignal {
  const signals = [signal, done];
  if (timeoutSeconds !== undefined) signals.push(AbortSignal.timeout(timeoutSeconds * 1000));
  return AbortSignal.any(signals);
}

function throwWhyStopped({ signal, timeoutSeconds }: WatchOptions, stopped: AbortSignal): void {
  signal.throwIfAborted();
  if ((stopped.reason as { name?: unknown } | undefined)?.name === 'TimeoutError') {
    throw new CliError('watch.timeout', `it was not over after ${timeoutSeconds} s`, EXIT_CODES.failed);
  }
}

function deleted(what: string, name: string): CliError {
  return new CliError('watch.deleted', `${what} "${name}" was deleted meanwhile`, EXIT_CODES.notFound);
}
