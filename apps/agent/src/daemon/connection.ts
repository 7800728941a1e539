import type { System } from '../facts/system.js';
import { type Bell, pause } from '../http/backoff.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import { mayPass } from './may-pass.js';

const lookSeconds = 60;
/** NetworkManager's own answer, and its guess (a telephone that is tethered, say). */
const meteredAnswers = new Set(['u 1', 'u 3']);
const question = [
  '--system',
  'get-property',
  'org.freedesktop.NetworkManager',
  '/org/freedesktop/NetworkManager',
  'org.freedesktop.NetworkManager',
  'Metered',
];

/** `auto`: NetworkManager is asked. */
export type MeteredSetting = 'yes' | 'no' | 'auto';

/** Does the connection of this computer cost by what goes over it? Without NetworkManager, or where it does not know: no. */
export async function isMetered(setting: MeteredSetting, system: Pick<System, 'run'>): Promise<boolean> {
  if (setting !== 'auto') return setting === 'yes';
  const answer = await system.run('busctl', question).catch(() => undefined);
  return answer?.exitCode === 0 && meteredAnswers.has(answer.standardOutput.trim());
}

/** What is known of the connection, in the file `metered`, so that `muster-agent list` decides with it too. */
export class Connection {
  private known: boolean;

  /** Reads what was noted. Changes nothing. */
  constructor(private readonly path: string) {
    this.known = readIfPresent(path) === 'yes';
  }

  get metered(): boolean {
    return this.known;
  }

  /** Asks, and rings when the answer is another one, until aborted. */
  async run(ask: () => Promise<boolean>, bell: Bell, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const metered = await ask();
      if (metered !== this.known) {
        this.known = metered;
        this.note(metered);
        bell.ring();
      }
      await pause(lookSeconds, signal);
    }
  }

  private note(metered: boolean): void {
    try {
      replaceFile(this.path, metered ? 'yes' : 'no');
    } catch (error) {
      // Only `muster-agent list` says something older then.
      if (!mayPass(error)) throw error;
    }
  }
}
