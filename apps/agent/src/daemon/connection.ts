import type { System } from '../facts/system.js';

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
