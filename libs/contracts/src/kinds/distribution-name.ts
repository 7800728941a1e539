import { createHash } from 'node:crypto';
import type { ContentReference } from './content-reference.js';
import { CONTENT_RESOURCES } from './content-resources.js';

const LONGEST_NAME = 63;

/**
 * What the Distribution of some content is called where nobody says otherwise: that of a package has its name, others say what they
 * are. Pure.
 */
export function distributionName({ kind, name }: ContentReference): string {
  if (kind === 'Package') return name;
  const whole = `${CONTENT_RESOURCES[kind].singular}-${name}`;
  if (whole.length <= LONGEST_NAME) return whole;
  const mark = createHash('sha256').update(whole).digest('hex').slice(0, 10);
  return `${whole.slice(0, LONGEST_NAME - 11).replace(/-+$/, '')}-${mark}`;
}
