import { until } from '@muster/testing/until.js';
import type { SiteOfDevices } from '../bench/site-of-devices.js';
import { Effects } from './effects.js';

/** A deployment whose runs go on until somebody stops them. */
export const ENDLESS = 'endless';
/** "A stop arrives within seconds" (docs/deployments.md), on a machine that also is the fleet. */
const HEARD_WITHIN_MILLISECONDS = 30_000;

export type Hold = 'Starts' | 'Runs' | undefined;

export const RUN_STOPPED = 'one run stopped';
export const DEVICE_STOPPED = 'all runs of a device stopped';
const PAUSED = 'rollout paused';
const RESUMED = 'rollout resumed';

function kindOf(hold: Hold): string {
  if (hold === undefined) return 'nothing held';
  return hold === 'Starts' ? 'starts paused' : 'stopped';
}

/**
 * What people order while processes are killed: holds of the endless deployment, ends of single runs and of all runs of a device, a pause
 * of the rollout. An order is repeated until it is acknowledged, and must hold from then on. Agents tell what they hear of it.
 */
export class Orders {
  /** What was wrong, in words. */
  readonly problems: string[] = [];
  /** Nothing is ordered any more: whoever has heard the last one is done. */
  over = false;
  /** While the rollout is paused: another object for each pause. */
  pause: object | undefined;
  /** The uids of runs that were stopped alone, or with their device. */
  readonly stoppedAlone: string[] = [];
  readonly effects = new Effects();
  /** Milliseconds after which the last agent had heard the last stop, which nothing disturbed. */
  lastHeardAfter = Number.NaN;
  private readonly saved = new Map<number, Hold>();
  private readonly told = new Map<number, Set<Hold>>();
  private readonly heard = new Map<string, number>();
  private newest = 0;
  private quietSince = Number.POSITIVE_INFINITY;

  constructor(
    private readonly site: SiteOfDevices,
    private readonly sequence: string,
    private readonly rollout: string,
    private readonly pollMilliseconds: number,
  ) {}

  /** Saves the endless deployment with this hold. */
  async hold(hold: Hold): Promise<void> {
    this.effects.ordered(kindOf(hold), 'times heard by a device');
    const spec = { sequence: this.sequence, collection: 'all-devices', ...(hold && { hold }) };
    const { resource } = await acknowledged(() => this.site.deploy(ENDLESS, spec));
    const { generation } = resource.metadata as unknown as { generation: number };
    this.saved.set(generation, hold);
    this.newest = generation;
  }

  async pauseRollout(): Promise<void> {
    await acknowledged(() => this.post(`deployments/${this.rollout}/rollout`, { action: 'pause', reason: 'on trial' }));
    this.effects.ordered(PAUSED, 'starts refused');
    this.pause = {};
  }

  async resumeRollout(): Promise<void> {
    this.pause = undefined;
    await acknowledged(() => this.post(`deployments/${this.rollout}/rollout`, { action: 'resume' }));
    this.effects.ordered(RESUMED, 'permits given since');
  }

  /** Ends one run that goes on. */
  async stopRun(): Promise<void> {
    await this.stopOne(RUN_STOPPED, 'run', 'run.name');
  }

  /** Ends all that goes on on a device that has something of it. */
  async stopDevice(): Promise<void> {
    await this.stopOne(DEVICE_STOPPED, 'device', 'run.device');
  }

  /** Waits until the site has heard of a run that goes on: a stop of nothing would try nothing. */
  async someRun(column: 'run.name' | 'run.device' = 'run.name'): Promise<{ uid: string; name: string }> {
    return acknowledged(async () => {
      const [open] = await this.site.databases.deployment.query<{ uid: string; name: string }>(
        `select run.uid, ${column} as name from run join deployment on deployment.uid = deployment_uid
         where deployment.name = $1 and end_result is null and stop is null order by run.uid limit 1`,
        [ENDLESS],
      );
      if (!open) throw new Error('the site has heard of no run that goes on');
      return open;
    });
  }

  private async stopOne(kind: string, what: 'run' | 'device', column: 'run.name' | 'run.device'): Promise<void> {
    this.effects.ordered(kind, 'runs to end');
    const { uid, name } = await this.someRun(column);
    await acknowledged(() => this.post('runs/-/stop', { [what]: name, reason: 'on trial' }));
    this.stoppedAlone.push(uid);
    this.effects.cameOf(kind);
  }

  /**
   * The last stop, while nothing is killed and no agent has anything else to do: each must hear it within seconds.
   *
   * @param processes of the site, by name: the time counts from when all of them have come back
   */
  async stopForGood(agents: number, processes: readonly string[]): Promise<void> {
    await until(() => {
      const pids = this.site.site.supervisor.pids();
      return processes.every((name) => pids[name] !== undefined);
    });
    await this.hold('Runs');
    const since = Date.now();
    this.quietSince = since;
    this.over = true;
    await until(() => this.hearing >= agents, 10 * this.patience).catch(() => undefined);
    this.lastHeardAfter = Date.now() - since;
    if (this.lastHeardAfter > this.patience)
      this.problems.push(`after ${this.lastHeardAfter} ms ${this.hearing} of ${agents} agents had heard a stop`);
  }

  /** What a device was told of the endless deployment: of one generation always the same, and never of an earlier one again. */
  hears(deviceUid: string, generation: number, hold: Hold): void {
    const before = this.heard.get(deviceUid) ?? 0;
    if (generation < before)
      this.problems.push(`device ${deviceUid} was told of generation ${generation} behind ${before}`);
    if (generation > before) this.effects.cameOf(kindOf(hold));
    this.heard.set(deviceUid, generation);
    this.told.set(generation, (this.told.get(generation) ?? new Set()).add(hold));
  }

  /** A device was refused a start because the rollout is paused. */
  refuses(): void {
    if (this.pause !== undefined) this.effects.cameOf(PAUSED);
  }

  /** A device got a permit. */
  permits(): void {
    this.effects.cameOf(RESUMED);
  }

  /** A run of it begins now, by what its device has heard. */
  begins(deviceUid: string): void {
    const late = Date.now() - this.quietSince;
    if (late > this.patience) this.problems.push(`device ${deviceUid} began a run ${late} ms behind the last stop`);
  }

  hasHeardAll(deviceUid: string): boolean {
    return this.over && (this.heard.get(deviceUid) ?? 0) >= this.newest;
  }

  /** Looks whether what was told is what was ordered, and whether the site knows which runs were to end alone. */
  async judge(): Promise<string[]> {
    const wrong = [...this.told].flatMap(([generation, holds]) =>
      [...holds]
        .filter((hold) => !this.saved.has(generation) || this.saved.get(generation) !== hold)
        .map(
          (hold) => `generation ${generation} was told with hold ${hold}, and saved with ${this.saved.get(generation)}`,
        ),
    );
    const rows = await this.site.databases.deployment.query<{ uid: string }>(
      'select uid from run where stop is not null',
    );
    const noted = new Set(rows.map(({ uid }) => uid));
    const lost = this.stoppedAlone.filter((uid) => !noted.has(uid));
    return [
      ...this.problems,
      ...wrong,
      ...lost.map((uid) => `the stop of run ${uid} was acknowledged, and is not there`),
    ];
  }

  /** An agent that is woken hears at once; one that just lost its connection at its next poll. */
  private get patience(): number {
    return HEARD_WITHIN_MILLISECONDS + 3 * this.pollMilliseconds;
  }

  private get hearing(): number {
    return [...this.heard.values()].filter((generation) => generation >= this.newest).length;
  }

  private async post(path: string, body: object): Promise<void> {
    const response = await fetch(`http://127.0.0.1:${this.site.port('deployment-http')}/api/v1/${path}`, {
      method: 'POST',
      headers: { authorization: `Bearer ${this.site.site.adminToken}`, 'content-type': 'application/json' },
      body: JSON.stringify(body),
    });
    const text = await response.text();
    // What has ended needs no stop; what was resumed by a try whose answer was lost is.
    if (!response.ok && !/"(run\.ended|rollout\.not-paused)"/.test(text))
      throw new Error(`${path}: ${response.status} ${text}`);
  }
}

/** Repeats an order until it is acknowledged, which is harmless. */
export async function acknowledged<Answer>(order: () => Promise<Answer>): Promise<Answer> {
  const answers: Answer[] = [];
  let last: unknown;
  await until(async () => {
    try {
      answers.push(await order());
      return true;
    } catch (error) {
      last = error;
      return false;
    }
  }).catch(() => {
    throw new Error(`an order was not acknowledged: ${String(last)}`);
  });
  return answers[0]!;
}
