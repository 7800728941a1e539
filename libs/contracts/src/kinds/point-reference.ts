import { z } from 'zod';
import { nameSchema } from '../resource.js';

/** A distribution point: by its name one of the site at which that is said, by `SITE/NAME` one of another site. */
export const pointReferenceSchema = z.union([
  nameSchema,
  z
    .string()
    .regex(/^[A-Z0-9]{3}\/[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/, 'a name, or SITE/NAME for a point of another site'),
]);

/** Whether it is a point of another site than the one at which it is said. */
export function isElsewhere(point: string): boolean {
  return point.includes('/');
}

/** The points as every site understands them. Pure. */
export function saidForAll(site: string, points: readonly string[]): string[] {
  return points.map((point) => (isElsewhere(point) ? point : `${site}/${point}`));
}

/** The same as they are said at one site: its own points by their names alone. Pure. */
export function saidAt(site: string, points: readonly string[]): string[] {
  return points.map((point) => (point.startsWith(`${site}/`) ? point.slice(site.length + 1) : point));
}
