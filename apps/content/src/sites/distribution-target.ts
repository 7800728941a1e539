import {
  contentKey,
  contentReferenceSchema,
  type ContentReference,
} from '@muster/contracts/kinds/content-reference.js';
import { distributedContent, type DistributionSpec } from '@muster/contracts/kinds/distribution.js';
import { pointReferenceSchema, saidAt, saidForAll } from '@muster/contracts/kinds/point-reference.js';
import { nameSchema } from '@muster/contracts/resource.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';
import { z } from 'zod';

/** What sites tell each other of a place that shall hold some content: all else is in its name. */
export type SharedTarget = Pick<DistributionSpec, 'priority'>;

const documentSchema: z.ZodType<SharedTarget> = z.strictObject({
  priority: z.enum(['high', 'medium', 'low']).optional(),
});

/** The kind of the records of targets, as far as writing one needs it. */
export const DISTRIBUTION_TARGET: Pick<ReplicatedKind, 'kind' | 'schemaVersion' | 'understand'> = {
  kind: 'DistributionTarget',
  schemaVersion: 1,
  understand: (content) => parseTolerant(documentSchema, content),
};

/** Before the name of a group, where for a point the code of its site stands. No site has such a code. */
export const OF_GROUP = 'group/';

/** One content at one place. */
export interface Target {
  readonly content: ContentReference;
  /** `PR1/local`: a point of that site. `group/branches`: a group. */
  readonly place: string;
}

/** `Package/hello/PR1/local` */
export function targetKey({ content, place }: Target): string {
  return `${contentKey(content)}/${place}`;
}

/** @throws ZodError when it is no such key */
export function readTargetKey(key: string): Target {
  const [kind, name, before, ...rest] = key.split('/');
  const last = rest.join('/');
  const place = `${before}/${last}`;
  if (place.startsWith(OF_GROUP)) nameSchema.parse(last);
  else pointReferenceSchema.parse(place);
  return { content: contentReferenceSchema.parse({ kind, name }), place };
}

/** Where a Distribution sends, in words that mean the same at every site. */
export function placesOf(site: string, { points = [], groups = [] }: DistributionSpec): string[] {
  return [...saidForAll(site, points), ...groups.map((group) => `${OF_GROUP}${group}`)];
}

/** The keys of all that a Distribution wants. */
export function targetKeys(site: string, spec: DistributionSpec): string[] {
  const content = distributedContent(spec);
  return placesOf(site, spec).map((place) => targetKey({ content, place }));
}

/** The Distribution with one place more, as it is said at a site. */
export function withPlace(site: string, spec: DistributionSpec, place: string): DistributionSpec {
  const { points = [], groups = [] } = spec;
  if (place.startsWith(OF_GROUP)) return { ...spec, groups: [...groups, place.slice(OF_GROUP.length)] };
  return { ...spec, points: [...points, ...saidAt(site, [place])] };
}

/** The Distribution without a place; without any, it wants nothing any more. */
export function withoutPlace(site: string, spec: DistributionSpec, place: string): DistributionSpec {
  const { points = [], groups = [], ...rest } = spec;
  const pointsLeft = points.filter((point) => saidForAll(site, [point])[0] !== place);
  const groupsLeft = groups.filter((group) => `${OF_GROUP}${group}` !== place);
  return {
    ...rest,
    ...(pointsLeft.length > 0 ? { points: pointsLeft } : {}),
    ...(groupsLeft.length > 0 ? { groups: groupsLeft } : {}),
  };
}

/** Of several words about one content that which counts; undefined is medium. */
export function mostUrgent(priorities: readonly SharedTarget['priority'][]): SharedTarget['priority'] {
  if (priorities.includes('high')) return 'high';
  if (priorities.includes('medium')) return 'medium';
  return priorities.includes(undefined) ? undefined : 'low';
}
