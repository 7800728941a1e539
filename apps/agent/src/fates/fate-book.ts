import { MOST_SAYS_CHARACTERS, type ToldFate, toldFateSchema } from '@muster/contracts/agent/fates.js';
import type { Logger } from 'pino';
import { z } from 'zod';
import { mayPass } from '../daemon/may-pass.js';
import { describeError } from '../identity/agent-error.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import type { SaidFate } from './fate-to-tell.js';

const entrySchema = z.object({ told: toldFateSchema, acknowledged: z.boolean() });
const fileSchema = z.object({ version: z.literal(1), last: z.int(), entries: z.array(entrySchema) });

type Entry = z.infer<typeof entrySchema>;

/**
 * What the site was told, or is to be told, of each deployment (`fates.json`): one entry each, the newest, so that a computer that was away
 * for a month sends no more than one that was not. Numbers grow by the clock, and by one where the clock does not: also a state folder
 * that was restored from an older copy goes on with greater ones.
 */
export class FateBook {
  private readonly entries = new Map<string, Entry>();
  private last = 0;

  /** Reads what is there; what is damaged is told anew. Changes nothing. */
  constructor(
    private readonly path: string,
    private readonly logger?: Logger,
  ) {
    const file = parse(readIfPresent(path));
    if (!file) return;
    this.last = file.last;
    for (const entry of file.entries) this.entries.set(entry.told.deploymentUid, entry);
  }

  /** What the site has not acknowledged. */
  get unsent(): ToldFate[] {
    return [...this.entries.values()].filter(({ acknowledged }) => !acknowledged).map(({ told }) => told);
  }

  /**
   * Notes what is to be told now, and forgets what no deployment here asks for any more; durable on return, unless the disk is full.
   * @param fates of every deployment of the policy; undefined: nothing new is to be told
   * @returns true when there is something new to send
   */
  note(fates: ReadonlyMap<string, SaidFate | undefined>, now: number): boolean {
    let [news, changed] = [false, false];
    for (const [uid, { acknowledged }] of this.entries)
      if (acknowledged && !fates.has(uid)) changed = this.entries.delete(uid);
    for (const [uid, fate] of fates) {
      const before = this.entries.get(uid)?.told;
      if (!fate || (fate.quiet && !before) || (before && keyOf(before) === keyOfSaid(fate))) continue;
      this.last = Math.max(this.last + 1, now);
      this.entries.set(uid, { told: tellingOf(uid, this.last, fate, before, now), acknowledged: false });
      news = true;
    }
    if (news || changed) this.write();
    return news;
  }

  /** A run begins: it tells from now on, and what comes behind it is told anew. */
  forget(deploymentUid: string): void {
    if (this.entries.delete(deploymentUid)) this.write();
  }

  /** The site has these numbers. */
  acknowledge(numbers: readonly number[]): void {
    const known = new Set(numbers);
    for (const [uid, { told, acknowledged }] of this.entries)
      if (!acknowledged && known.has(told.number)) this.entries.set(uid, { told, acknowledged: true });
    this.write();
  }

  /** The site does not want these: only what is still deployed to this computer is told again. */
  keepOnly(deploymentUids: ReadonlySet<string>): void {
    for (const uid of this.entries.keys()) if (!deploymentUids.has(uid)) this.entries.delete(uid);
    this.write();
  }

  private write(): void {
    try {
      const entries = [...this.entries.values()];
      replaceFile(this.path, `${JSON.stringify({ version: 1, last: this.last, entries })}\n`);
    } catch (error) {
      if (!mayPass(error)) throw error;
      this.logger?.warn(describeError(error), 'a restart tells the site again what becomes of deployments');
    }
  }
}

function tellingOf(
  deploymentUid: string,
  number: number,
  { state, reason, until, says: said }: SaidFate,
  before: ToldFate | undefined,
  now: number,
): ToldFate {
  const at = new Date(now).toISOString();
  const says = said.slice(0, MOST_SAYS_CHARACTERS).toWellFormed();
  if (state === 'rejected' || state === 'expired') {
    const delivery = before?.delivery ? { delivery: before.delivery } : {};
    return { deploymentUid, number, acceptance: { state, at, says }, ...delivery };
  }
  const wasAccepted = before?.acceptance.state === 'accepted';
  return {
    deploymentUid,
    number,
    acceptance: wasAccepted ? before.acceptance : { state: 'accepted', at },
    delivery: {
      state,
      at,
      says,
      ...(reason === undefined ? {} : { reason }),
      ...(until === undefined ? {} : { until: new Date(until).toISOString() }),
    },
  };
}

/** What makes two fates the same: how long they have been so, and their words, are none of it. */
function keyOf({ acceptance, delivery }: ToldFate): string {
  if (acceptance.state !== 'accepted') return acceptance.state;
  return [delivery?.state, delivery?.reason, delivery?.until].join(' ');
}

function keyOfSaid({ state, reason, until }: SaidFate): string {
  if (state === 'rejected' || state === 'expired') return state;
  return [state, reason, until === undefined ? undefined : new Date(until).toISOString()].join(' ');
}

function parse(text: string | undefined): z.infer<typeof fileSchema> | undefined {
  try {
    return fileSchema.safeParse(JSON.parse(text ?? '')).data;
  } catch {
    return undefined;
  }
}
