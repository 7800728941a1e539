import { digestOf } from '@muster/contracts/digest.js';
import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import type { Logger } from 'pino';
import { type Bell, backoffSeconds, pause } from '../http/backoff.js';
import { ServerError } from '../http/server-error.js';
import type { SiteApi } from '../http/site-api.js';
import { describeError } from '../identity/agent-error.js';
import { replaceFile } from '../identity/durable-files.js';
import type { SoftwareTeller } from './software-teller.js';
import { isDue, readTold, type Told } from './told.js';

/** How often the computer is looked at, where the site does not say. */
const lookMinutes = 15;
/** Told again after as long, so that a site that lost them has them back. */
const tellAgainSeconds = 86_400;
const [firstPauseSeconds, longestPauseSeconds] = [1, 300];

export interface InventoryLoopOptions {
  readonly api: Pick<SiteApi, 'inventory'>;
  readonly logger: Logger;
  /** The file that remembers what the site has acknowledged. */
  readonly path: string;
  gather(): Promise<Facts>;
  /** Looks at the software with each look. */
  readonly software?: Pick<SoftwareTeller, 'look'>;
  /** How often the site wants the computer looked at; undefined: as usual. */
  everyMinutes(): number | undefined;
  /** Rung when that may be another time now. */
  readonly changed: Bell;
}

/** Tells the site the facts of this computer: at the start, when one of them changed, once a day, and when it is asked to. */
export class InventoryLoop {
  /** The site wants to be told although nothing changed. */
  private asked = false;

  constructor(private readonly options: InventoryLoopOptions) {}

  /** Looks at once, and tells what is so now. */
  tellNow(): void {
    this.asked = true;
    this.options.changed.ring();
  }

  /** Until aborted. What the site does not take is tried again; it never stops the agent. */
  async run(signal: AbortSignal): Promise<void> {
    for (let failures = 0; !signal.aborted;) {
      try {
        await this.look(signal);
        failures = 0;
        await this.untilNextLook(signal);
      } catch (error) {
        if (signal.aborted) return;
        failures += 1;
        this.options.logger.warn(describeError(error), 'the inventory waits for the site');
        const retryAfter = error instanceof ServerError ? (error.retryAfterSeconds ?? 0) : 0;
        const backoff = backoffSeconds(failures, firstPauseSeconds, longestPauseSeconds, Math.random());
        await pause(Math.max(backoff, retryAfter), signal);
      }
    }
  }

  private async untilNextLook(signal: AbortSignal): Promise<void> {
    const { everyMinutes, changed } = this.options;
    const [lookedAt, jitter] = [performance.now(), 0.9 + Math.random() * 0.2];
    while (!signal.aborted) {
      const seconds = (everyMinutes() ?? lookMinutes) * 60 * jitter - (performance.now() - lookedAt) / 1000;
      if (this.asked || seconds <= 0) return;
      await changed.wait(seconds, signal);
    }
  }

  /** Looks once, and tells what there is to tell. */
  async look(signal: AbortSignal): Promise<void> {
    const { asked } = this;
    // Whoever asks from here on may mean what is looked at too late.
    this.asked = false;
    try {
      await this.tellFacts(asked, signal);
      await this.options.software?.look(signal, asked);
    } catch (error) {
      this.asked ||= asked;
      throw error;
    }
  }

  private async tellFacts(asked: boolean, signal: AbortSignal): Promise<void> {
    const { api, path, gather, logger } = this.options;
    const facts = await gather();
    const digest = digestOf(lasting(facts));
    const told = readTold(path);
    const at = new Date().toISOString();
    if (!asked && !isDue(told, { digest, at }, tellAgainSeconds)) return;
    await api.inventory({ gatheredAt: at, facts }, signal);
    replaceFile(path, JSON.stringify({ digest, at } satisfies Told));
    logger.info({ changed: told?.digest !== digest }, 'the site has the facts of this computer');
    const { customLeftOut: leftOut } = facts;
    if (leftOut) logger.warn({ leftOut }, 'some facts that were written on this computer are not told');
  }
}

/** Their sizes follow what is stored in the pool. */
const growing = new Set(['zfs']);

/**
 * Without what changes all the time: free space, the battery, the clock of the moment, the last start and who logged on are told along, and
 * are no reason to tell. Pure.
 */
export function lasting({ power: _power, lastUser: _user, os, cpu, filesystems = [], ...facts }: Facts): unknown {
  const { lastBootAt: _boot, ...system } = os ?? {};
  const { megahertz: _clock, ...processor } = cpu ?? {};
  const mounts = filesystems.map(({ freeMegabytes: _free, sizeMegabytes, ...mount }) =>
    growing.has(mount.type ?? '') ? mount : { ...mount, sizeMegabytes },
  );
  return { ...facts, os: system, cpu: processor, filesystems: mounts };
}
