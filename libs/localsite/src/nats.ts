import { join } from 'node:path';
import { writeFileAtomic } from './atomic-file.js';
import type { ChildSpec } from './child.js';
import { keptSecret } from './keys.js';
import type { SiteLayout } from './layout.js';
import { dieWithParent } from './privilege.js';
import { readTemplate } from './template.js';

/** The account that may do everything; used by people and tests, by no service. */
export const natsOperator = 'ops';

/** Password of a NATS user of the site, made once. */
export function natsPassword(layout: SiteLayout, user: string): string {
  return keptSecret(layout.keys, `nats-${user}`);
}

/** The links of a site's bus to those of its neighbours. */
export interface BusLinks {
  /** Codes of the sites below, which connect to this one; `ports['nats-leaf']` is where. None yet: it listens for them all the same. */
  readonly children?: readonly string[];
  /** The site above, to which this one connects. */
  readonly parent?: { readonly host: string; readonly port: number; readonly user: string; readonly password: string };
}

/** The user by which the bus of a site below connects to this one. */
export function leafUser(layout: SiteLayout, child: string): { user: string; password: string } {
  const user = `leaf-${child}`;
  return { user, password: natsPassword(layout, user) };
}

/** The user of a service on the subjects that cross links. */
export function linkUser(layout: SiteLayout, service: string): { user: string; password: string } {
  const user = `link-${service}`;
  return { user, password: natsPassword(layout, user) };
}

/** Writes the server's configuration and returns how to run it. `ports.nats` and `ports['nats-monitor']` are used. */
export function natsChild(
  layout: SiteLayout,
  siteCode: string,
  ports: Record<string, number>,
  users: readonly string[],
  program: string,
  links: BusLinks = {},
): ChildSpec {
  const monitorPort = ports['nats-monitor'] ?? 0;
  const lines = users.map(
    (user) => `    { user: "${user}", password: "${natsPassword(layout, user)}", permissions: ${permissions(user)} }`,
  );
  lines.push(`    { user: "${natsOperator}", password: "${natsPassword(layout, natsOperator)}" }`);
  const linkLines = [
    ...users.map((user) => ({ ...linkUser(layout, user), permissions: linkPermissions(user, siteCode) })),
    ...(links.children ?? []).map((child) => ({
      ...leafUser(layout, child),
      permissions: leafPermissions(child, siteCode),
    })),
  ].map(
    ({ user, password, permissions: allowed }) =>
      `    { user: "${user}", password: "${password}", permissions: ${allowed} }`,
  );
  const file = join(layout.nats, 'nats.conf');
  const values = {
    SITE: siteCode,
    PORT: ports['nats'] ?? 0,
    MONITOR_PORT: monitorPort,
    STORE_FOLDER: layout.nats,
    USERS: lines.join('\n'),
    LINK_USERS: linkLines.join('\n'),
    LEAF_NODES: leafNodes(links, ports['nats-leaf']),
  };
  writeFileAtomic(file, readTemplate('nats.conf', values));
  return {
    name: 'nats',
    ...dieWithParent({ command: program, args: ['-c', file] }, 'SIGTERM'),
    tier: 0,
    ready: { url: `http://127.0.0.1:${monitorPort}/healthz` },
  };
}

/** A service states its own facts, hands out its own work, answers its own questions and reads its own replies; nobody else's. */
function permissions(service: string): string {
  const publish = [
    `muster.evt.${service}.>`,
    `muster.work.${service}.>`,
    'muster.req.>',
    '_INBOX.>',
    '$JS.API.>',
    '$JS.ACK.>',
  ];
  const subscribe = [`muster.req.${service}.>`, `_INBOX.${service}.>`];
  return allowing(publish, subscribe);
}

/** A service asks and answers the same service of other sites. */
function linkPermissions(service: string, site: string): string {
  const publish = [`muster.hier.*.${service}.>`, '_INBOX.>'];
  const subscribe = [
    `muster.hier.${site}.${service}.>`,
    `muster.hier.*.${service}.changed`,
    `_INBOX.${site}.${service}.>`,
  ];
  return allowing(publish, subscribe);
}

/** A site below sends to this one, and hears what is for itself or that this one has something new. */
function leafPermissions(child: string, site: string): string {
  const publish = [`muster.hier.${site}.>`, `muster.hier.${child}.*.changed`, '_INBOX.>'];
  const subscribe = [`muster.hier.${child}.>`, `muster.hier.${site}.*.changed`, `_INBOX.${child}.>`];
  return allowing(publish, subscribe);
}

function allowing(publish: readonly string[], subscribe: readonly string[]): string {
  return `{ publish: { allow: ${JSON.stringify(publish)} }, subscribe: { allow: ${JSON.stringify(subscribe)} } }`;
}

function leafNodes({ children, parent }: BusLinks, port: number | undefined): string {
  const lines: string[] = [];
  if (children !== undefined && port !== undefined) {
    // A site below keeps to the address that it was given: without the second line it would learn this one, past any proxy.
    lines.push('  host: "127.0.0.1"', `  port: ${port}`, '  no_advertise: true', '  advertise: "127.0.0.1:1"');
  }
  if (parent) {
    const { host, user, password } = parent;
    lines.push('  reconnect: 1');
    lines.push(`  remotes: [{ url: "nats-leaf://${user}:${password}@${host}:${parent.port}", account: "LINKS" }]`);
  }
  return lines.length === 0 ? '' : `leafnodes {\n${lines.join('\n')}\n}`;
}
