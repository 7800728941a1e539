import { readFileSync, unwatchFile, watchFile } from 'node:fs';
import { busLinksSchema, type BusLinksFile } from '@muster/contracts/hierarchy/joining.js';
import type { ChildSpec } from './child.js';
import { keepSecret } from './keys.js';
import type { SiteLayout } from './layout.js';
import type { BusLinks } from './nats.js';
import type { Supervisor } from './supervisor.js';
import { systemErrorCode } from './up-error.js';

const LOOK_MILLISECONDS = 250;

/**
 * The links of a site's bus, as its policy service wrote them down when sites joined; a site without has none, and listens for
 * sites below. Throws what reading throws, or a ZodError: a file that says nothing is no reason to cut links.
 */
export function readBusLinks(layout: SiteLayout): BusLinks {
  return toLinks(layout, readText(layout));
}

/**
 * Keeps the bus connected as the policy service says while the site runs. Users of sites below that came are read anew by the
 * running server; anything else needs another start of it, which takes a moment and loses nothing (invariant 1).
 *
 * @returns how to stop
 */
export function followBusLinks(
  layout: SiteLayout,
  supervisor: Supervisor,
  busOf: (links: BusLinks) => ChildSpec,
  note: (line: string) => void,
): () => Promise<void> {
  let known = readText(layout);
  let stopped = false;
  let following: Promise<void> = Promise.resolve();
  const follow = async (): Promise<void> => {
    const text = readText(layout);
    if (stopped || text === known) return;
    const before = parse(known);
    const bus = busOf(toLinks(layout, text));
    const pid = supervisor.pids()[bus.name];
    if (onlyAdds(before, parse(text)) && pid !== undefined) process.kill(pid, 'SIGHUP');
    else {
      await supervisor.stop(bus.name);
      await supervisor.start(bus);
    }
    known = text;
  };
  watchFile(layout.busLinks, { interval: LOOK_MILLISECONDS, persistent: false }, () => {
    following = following
      .then(follow)
      .catch((error: unknown) =>
        note(`the bus cannot be connected: ${error instanceof Error ? error.message : 'why?'}`),
      );
  });
  return async () => {
    stopped = true;
    unwatchFile(layout.busLinks);
    await following;
  };
}

function readText(layout: SiteLayout): string {
  try {
    return readFileSync(layout.busLinks, 'utf8');
  } catch (error) {
    if (systemErrorCode(error) === 'ENOENT' || systemErrorCode(error) === 'ENOTDIR') return '';
    throw error;
  }
}

function parse(text: string): BusLinksFile {
  return text === '' ? { children: [], parent: null } : busLinksSchema.parse(JSON.parse(text));
}

/** Nothing but sites below came: the running server can be told. It would not let go of one whose user is gone. */
function onlyAdds(before: BusLinksFile, after: BusLinksFile): boolean {
  const now = new Set(after.children.map((child) => JSON.stringify(child)));
  return sameParent(before, after) && before.children.every((child) => now.has(JSON.stringify(child)));
}

function sameParent(before: BusLinksFile, after: BusLinksFile): boolean {
  return JSON.stringify(before.parent) === JSON.stringify(after.parent);
}

function toLinks(layout: SiteLayout, text: string): BusLinks {
  const { children, parent } = parse(text);
  for (const { code, password } of children) keepSecret(layout.keys, `nats-leaf-${code}`, password);
  return { children: children.map(({ code }) => code), ...(parent ? { parent } : {}) };
}
