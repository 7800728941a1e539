import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { look, timeFits } from './path.js';

/** A folder exists, and its time of change fits where it is asked for. Links are followed. */
export async function probeFolder({ folder, modified }: WorldExpressionOf<'folder'>): Promise<ProbeAnswer> {
  const found = await look(folder);
  if (!found?.isDirectory()) return { result: false, actual: found ? 'a file' : 'does not exist' };
  return modified ? timeFits(found, modified) : { result: true };
}
