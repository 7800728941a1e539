import type { Stats } from 'node:fs';
import { stat } from 'node:fs/promises';
import { isAbsolute } from 'node:path';
import { holds } from '@muster/sequence/conditions/compare.js';
import type { ProbeAnswer, WorldExpressionOf } from '@muster/sequence/conditions/model.js';
import { systemCode } from '../journal/journal-error.js';
import { ProbeError } from './probe-error.js';

/** What is at a path, links followed; undefined when there is nothing. Throws when that cannot be told. */
export async function look(path: string): Promise<Stats | undefined> {
  if (!isAbsolute(path) || path.includes('\0')) {
    const message = `"${path}" is no absolute path on this computer`;
    throw new ProbeError('condition.invalid-path', message);
  }
  try {
    return await stat(path);
  } catch (error) {
    if (['ENOENT', 'ENOTDIR', 'ENAMETOOLONG'].includes(systemCode(error) ?? '')) return undefined;
    throw error;
  }
}

/** Compared in UTC and as finely as the time is written: without a fraction, in whole seconds. */
export function timeFits(
  { mtimeMs }: Stats,
  { operator, value }: NonNullable<WorldExpressionOf<'folder'>['modified']>,
): Extract<ProbeAnswer, { result: boolean }> {
  const unit = /:\d\d\.\d/.test(value) ? 1 : 1000;
  const order = Math.floor(mtimeMs / unit) - Math.floor(Date.parse(value) / unit);
  return { result: holds(operator, order), actual: new Date(mtimeMs).toISOString() };
}
