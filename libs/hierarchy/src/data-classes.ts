import { areLinked, isAtOrBelow, type Site } from './sites.js';

/**
 * Where data belongs. `global`: everywhere, and central and primary sites write it. `site`: to the site that wrote it, which alone
 * may change it, and to those above it. `local`: nowhere else.
 */
export type DataClass = 'global' | 'site' | 'local';

/** What must be known of data to say where it goes. */
export interface Belonging {
  readonly dataClass: DataClass;
  /** Of site data: the site that it belongs to. */
  readonly owner?: string | undefined;
}

/** Kinds of replicated objects that this release knows. Of others their sender says what they are. */
export const REPLICATED_KINDS = {
  Collection: 'global',
  ClientSettings: 'global',
  Deployment: 'global',
  TaskSequence: 'global',
  Folder: 'global',
  BoundaryGroup: 'global',
  DistributionPointGroup: 'global',
  DistributionTarget: 'global',
  Package: 'global',
  OsImage: 'global',
  UpgradePackage: 'global',
  BootImage: 'global',
  DriverPackage: 'global',
  Application: 'global',
  ContentVersion: 'global',
  Conflict: 'global',
  Alert: 'site',
  CollectionSize: 'site',
  DeploymentResults: 'site',
  DistributionResults: 'site',
  Device: 'site',
  DeviceState: 'site',
  RolloutShare: 'site',
  RolloutUse: 'site',
  Site: 'global',
} as const satisfies Readonly<Record<string, DataClass>>;

/** Site data that people write at the sites above its owner too: what is wanted of an object, not what is true of it. */
const WRITTEN_ABOVE_TOO: ReadonlySet<string> = new Set<keyof typeof REPLICATED_KINDS>(['Device']);

/** Site data that only the sites above its owner write: what they let it do. */
const WRITTEN_ABOVE: ReadonlySet<string> = new Set<keyof typeof REPLICATED_KINDS>(['RolloutShare']);

/** Whether people write data of a kind: a write of it that lost is worth keeping. What a site observes is told anew instead. */
export function isWrittenByPeople(kind: string, { dataClass }: Belonging): boolean {
  return dataClass === 'global' || WRITTEN_ABOVE_TOO.has(kind);
}

/** Why data cannot be written at a site, or undefined. */
export function writeProblem({ dataClass, owner }: Belonging, at: Site): string | undefined {
  if (dataClass === 'site' && owner !== at.code) return `it belongs to site ${owner ?? '(none)'}, not to ${at.code}`;
  if (dataClass === 'global' && at.kind === 'secondary') {
    return `site ${at.code} is a secondary one: write it at ${at.parent ?? 'its primary site'} or above`;
  }
  return undefined;
}

/** Whether data goes over the link from one site to another. */
export function travels(
  { dataClass, owner }: Belonging,
  from: Site,
  to: Site,
  sites: ReadonlyMap<string, Site>,
): boolean {
  if (!areLinked(from, to)) return false;
  // Up from a secondary too: it wrote none of it, but may be the only one left that has what a restored primary lost.
  if (dataClass === 'global') return true;
  if (dataClass !== 'site' || owner === undefined) return false;
  // Down only to whom it belongs: a site restored from a backup gets back what it had told.
  const lower = from.parent === to.code ? from : to;
  return isAtOrBelow(owner, lower.code, sites);
}

/** Why a site does not take in what another one sent, or undefined: what it says about itself is not believed. */
export function intakeProblem(
  { kind, key }: { readonly kind: string; readonly key: string },
  belonging: Belonging,
  writer: string,
  from: Site,
  to: Site,
  sites: ReadonlyMap<string, Site>,
): string | undefined {
  const known: DataClass | undefined = (REPLICATED_KINDS as Readonly<Record<string, DataClass>>)[kind];
  if (known && known !== belonging.dataClass) return `${kind} is ${known} data, it came as ${belonging.dataClass} data`;
  if (!travels(belonging, from, to, sites)) {
    return `${belonging.dataClass} data of ${belonging.owner ?? 'all'} does not go from ${from.code} to ${to.code}`;
  }
  if (belonging.dataClass === 'site' && belonging.owner !== undefined) {
    const { owner } = belonging;
    // An object is known by its name alone: whoever could take another site's name would write over what that site said.
    if (!key.endsWith(`/${owner}`)) return `${kind} "${key}" is not named as data of ${owner}, as which it came`;
    if (writer === owner && WRITTEN_ABOVE.has(kind)) return `site ${writer} wrote what only sites above it write`;
    const isAbove = isAtOrBelow(owner, writer, sites);
    const mayAbove = WRITTEN_ABOVE.has(kind) || WRITTEN_ABOVE_TOO.has(kind);
    if (writer !== owner && !(isAbove && mayAbove)) return `site ${writer} wrote data that belongs to ${owner}`;
  }
  if (belonging.dataClass === 'global' && sites.get(writer)?.kind === 'secondary') {
    return `site ${writer} is a secondary one: it writes no global data`;
  }
  return undefined;
}
