import { networkInterfaces } from 'node:os';
import { z } from 'zod';
import { isOnInternet, parseIntranet } from '../facts/own-networks.js';
import type { System } from '../facts/system.js';
import { SystemTree } from '../facts/system-tree.js';
import { hasWriteFilter } from '../facts/write-filter.js';
import { type Bell, pause } from '../http/backoff.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import { isMetered, type MeteredSetting } from './connection.js';
import { mayPass } from './may-pass.js';

const lookSeconds = 60;

const knownSchema = z.object({ metered: z.boolean(), onInternet: z.boolean(), writeFilter: z.boolean() });
type Known = Readonly<z.infer<typeof knownSchema>>;
const NOTHING: Known = { metered: false, onInternet: false, writeFilter: false };

/** What the owner of the computer says of it. */
export interface WhereaboutsSettings {
  readonly metered: MeteredSetting;
  /** As `parseIntranet` reads it; undefined: every network is the organisation's. */
  readonly intranet: string | undefined;
  /** `auto`: what is mounted says it. */
  readonly writeFilter: 'yes' | 'no' | 'auto';
}

/** Looks at where this computer is now. */
export async function lookAround(settings: WhereaboutsSettings, system: Pick<System, 'run'>): Promise<Known> {
  return { metered: await isMetered(settings.metered, system), ...placeOf(settings) };
}

/** What needs no program to be asked, which could take its time. */
function placeOf({ intranet, writeFilter }: WhereaboutsSettings): Omit<Known, 'metered'> {
  return {
    onInternet: intranet !== undefined && isOnInternet(parseIntranet(intranet), networkInterfaces()),
    writeFilter: writeFilter === 'auto' ? hasWriteFilter(new SystemTree()) === true : writeFilter === 'yes',
  };
}

/** What is known of where this computer is, in a file, so that `muster-agent list` decides with it too. */
export class Whereabouts {
  known: Known;

  /** Reads what was noted. Changes nothing. */
  constructor(private readonly path: string) {
    this.known = read(path);
  }

  /** Before anything is decided: where the computer was before says nothing of where it is now. */
  begin(settings: WhereaboutsSettings): void {
    this.take({ ...this.known, ...placeOf(settings) });
  }

  /** False: nothing is different. */
  private take(known: Known): boolean {
    const { metered, onInternet, writeFilter } = this.known;
    if (known.metered === metered && known.onInternet === onInternet && known.writeFilter === writeFilter) return false;
    this.known = known;
    this.note();
    return true;
  }

  /** Looks, and rings when something is different, until aborted. */
  async run(look: () => Promise<Known>, bell: Bell, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      if (this.take(await look())) bell.ring();
      await pause(lookSeconds, signal);
    }
  }

  private note(): void {
    try {
      replaceFile(this.path, JSON.stringify(this.known));
    } catch (error) {
      // Only `muster-agent list` says something older then.
      if (!mayPass(error)) throw error;
    }
  }
}

function read(path: string): Known {
  try {
    return knownSchema.parse(JSON.parse(readIfPresent(path) ?? ''));
  } catch {
    // Nothing was noted yet, or half of it: the daemon looks again when it starts.
    return NOTHING;
  }
}
