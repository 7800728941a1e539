import { hasSeen } from '@muster/hierarchy/version.js';
import { lostWriteKey } from '@muster/hierarchy/replica.js';
import type { Acknowledged } from './simulate.js';
import type { SimulatedSite, StoredObject } from './simulated-site.js';

/** Where sites that have heard everything do not agree, or have what is not theirs. */
export function differences(sites: readonly SimulatedSite[]): string[] {
  const names = new Set(sites.flatMap(({ disk }) => [...disk.objects.keys()]));
  return [...names].sort().flatMap((name) => {
    const held = sites.flatMap(({ site, disk }) => {
      const object = disk.objects.get(name);
      return object ? [{ code: site.code, object }] : [];
    });
    const { dataClass, owner } = held[0]!.object;
    const wanted = sites.filter(({ site }) => dataClass === 'global' || site.code === owner || site.kind === 'central');
    const where = held.map(({ code }) => code).join(' ');
    const expected = wanted.map(({ site }) => site.code).join(' ');
    if (where !== expected) return [`${name} is at ${where}, it belongs to ${expected}`];
    const texts = new Set(held.map(({ object }) => textOf(object)));
    return texts.size === 1
      ? []
      : [`${name} differs: ${held.map(({ code, object }) => `${code} ${textOf(object)}`).join('; ')}`];
  });
}

/**
 * Acknowledged writes that are neither what counts, nor known to a later write, nor kept as lost.
 *
 * @param forgotten writes that a restored site forgot: they need not be there, but where others heard of them they supersede
 */
export function lostWrites(
  sites: readonly SimulatedSite[],
  acknowledged: readonly Acknowledged[],
  forgotten: readonly Acknowledged[] = [],
): string[] {
  const central = sites.find(({ site }) => site.kind === 'central')!;
  const records = [...central.disk.objects.values()];
  return acknowledged.flatMap((write) => {
    const current = central.disk.objects.get(`${write.kind}/${write.key}`)?.replica;
    const { version, content } = write.replica;
    if (current && sameVersion(current.version, version)) return [];
    if (central.disk.objects.has(`Conflict/${lostWriteKey(write.kind, write.key, version)}`)) return [];
    // Known to a later write: of those that are left only the last one and the lost ones can be asked, so ask all that were made.
    const later = acknowledged.some(
      (other) =>
        other.kind === write.kind &&
        other.key === write.key &&
        (hasSeen(other.replica.basis, version) || (other !== write && other.replica.content === content)),
    );
    const kept = records.some(
      ({ replica }) => hasSeen(replica.basis, version) || hasSeen(basisOf(replica.content), version),
    );
    const superseded = forgotten.some(
      (other) =>
        other.kind === write.kind &&
        other.key === write.key &&
        current !== undefined &&
        hasSeen(current.seen, other.replica.version) &&
        hasSeen(other.replica.basis, version),
    );
    return later || kept || superseded
      ? []
      : [`the write ${version.site}-${version.stamp} of ${write.kind}/${write.key} was lost`];
  });
}

function textOf({ replica }: StoredObject): string {
  const seen = Object.entries(replica.seen).sort();
  return JSON.stringify([replica.version, seen, replica.content]);
}

function basisOf(content: unknown): Readonly<Record<string, number>> {
  return (content as { basis?: Record<string, number> } | null)?.basis ?? {};
}

function sameVersion(one: { site: string; stamp: number }, other: { site: string; stamp: number }): boolean {
  return one.site === other.site && one.stamp === other.stamp;
}
