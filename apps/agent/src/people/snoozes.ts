import { mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { PolicySettings } from '@muster/contracts/agent/policy.js';
import { z } from 'zod';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';

const MINUTE = 60_000;

const snoozeSchema = z.object({
  /** When somebody asked for it; before that, by a clock that was set back, it does not count. */
  at: z.number(),
  /** When the run would have begun, or the computer restarted, had nobody ever put it off. */
  first: z.number(),
  until: z.number(),
});

/** What people here put off. All in milliseconds since 1970. */
export type Snooze = z.infer<typeof snoozeSchema>;

/** The starts and restarts that people at this computer put off (`muster-agent snooze`), a file for each deployment. */
export class Snoozes {
  constructor(private readonly folder: string) {}

  /** Whether it still counts, the settings say (`snoozedUntil`). */
  of(deploymentUid: string): Snooze | undefined {
    try {
      return snoozeSchema.safeParse(JSON.parse(readIfPresent(join(this.folder, deploymentUid)) ?? '')).data;
    } catch {
      return undefined;
    }
  }

  /** Durable on return. */
  note(deploymentUid: string, snooze: Snooze): void {
    mkdirSync(this.folder, { recursive: true, mode: 0o700 });
    replaceFile(join(this.folder, deploymentUid), `${JSON.stringify(snooze)}\n`);
  }

  /** The run has begun, or has ended. */
  forget(deploymentUid: string): void {
    rmSync(join(this.folder, deploymentUid), { force: true });
  }

  /** Forgets what was put off of deployments that are not among these. */
  keepOnly(deploymentUids: ReadonlySet<string>): void {
    for (const name of readdirSync(this.folder))
      if (/^[0-9a-f-]{36}$/.test(name) && !deploymentUids.has(name)) this.forget(name);
  }
}

/**
 * Until when something is put off by what the site says now: a shorter limit ends it sooner, and none, or `usersMayStart: false`, at once. Pure.
 * @param since what was asked for before it (the start of the last run) is used up
 * @returns undefined: it is not put off, or no longer
 */
export function snoozedUntil(
  snooze: Snooze | undefined,
  { snoozeMinutes = 0, usersMayStart }: Pick<PolicySettings, 'snoozeMinutes' | 'usersMayStart'>,
  { now, since = -Infinity }: { readonly now: number; readonly since?: number | undefined },
): number | undefined {
  if (!snooze || usersMayStart === false || now < snooze.at || snooze.at <= since) return undefined;
  const until = Math.min(snooze.until, snooze.first + snoozeMinutes * MINUTE);
  return until > snooze.first ? until : undefined;
}
