/** What a site is for. A central site has no devices; a secondary one carries content and policy for its primary. */
export type SiteKind = 'central' | 'primary' | 'secondary';

/** A place in the hierarchy. */
export interface Site {
  /** Three capital letters or digits. */
  readonly code: string;
  readonly kind: SiteKind;
  /** Code of the site above. */
  readonly parent?: string | undefined;
}

/** Which kind of site may stand above which; `undefined`: none. */
const PARENTS: Readonly<Record<SiteKind, readonly (SiteKind | undefined)[]>> = {
  central: [undefined],
  primary: [undefined, 'central'],
  secondary: ['primary'],
};

/** Why a site cannot have this place in the hierarchy, or undefined. */
export function placeProblem(site: Site, parent: Site | undefined): string | undefined {
  if (PARENTS[site.kind].includes(parent?.kind)) return undefined;
  const above = parent ? `the ${parent.kind} site ${parent.code}` : 'no site';
  const wanted = PARENTS[site.kind].map((kind) => (kind ? `a ${kind} site` : 'no site')).join(' or ');
  return `a ${site.kind} site has ${wanted} above it, not ${above}`;
}

/** Whether two sites have a link: one is the parent of the other. */
export function areLinked(one: Site, other: Site): boolean {
  return one.parent === other.code || other.parent === one.code;
}

/** Whether a site is another one, or somewhere below it. Sites that are not known are nowhere. */
export function isAtOrBelow(code: string, top: string, sites: ReadonlyMap<string, Site>): boolean {
  const passed = new Set<string>();
  for (let at: string | undefined = code; at !== undefined && !passed.has(at); at = sites.get(at)?.parent) {
    if (at === top) return true;
    passed.add(at);
  }
  return false;
}

/**
 * The neighbour over which one site reaches another: its parent, or the child at or above the other one. Undefined: there is no way,
 * or it is the site itself. Pure.
 */
export function nextOnTheWay(from: string, to: string, sites: ReadonlyMap<string, Site>): string | undefined {
  if (from === to || !sites.has(to)) return undefined;
  for (const { code, parent } of sites.values()) {
    if (parent === from && isAtOrBelow(to, code, sites)) return code;
  }
  return sites.get(from)?.parent;
}
