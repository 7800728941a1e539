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

/** Writes the server's configuration and returns how to run it. `ports.nats` and `ports['nats-monitor']` are used. */
export function natsChild(
  layout: SiteLayout,
  siteCode: string,
  ports: Record<string, number>,
  users: readonly string[],
  program: string,
): ChildSpec {
  const monitorPort = ports['nats-monitor'] ?? 0;
  const lines = users.map(
    (user) => `    { user: "${user}", password: "${natsPassword(layout, user)}", permissions: ${permissions(user)} }`,
  );
  lines.push(`    { user: "${natsOperator}", password: "${natsPassword(layout, natsOperator)}" }`);
  const file = join(layout.nats, 'nats.conf');
  const values = {
    SITE: siteCode,
    PORT: ports['nats'] ?? 0,
    MONITOR_PORT: monitorPort,
    STORE_FOLDER: layout.nats,
    USERS: lines.join('\n'),
  };
  writeFileAtomic(file, readTemplate('nats.conf', values));
  return {
    name: 'nats',
    ...dieWithParent({ command: program, args: ['-c', file] }, 'SIGTERM'),
    tier: 0,
    ready: { url: `http://127.0.0.1:${monitorPort}/healthz` },
  };
}

/** A service states its own facts, answers its own questions and reads its own replies; nobody else's. */
function permissions(service: string): string {
  const publish = [`muster.evt.${service}.>`, 'muster.req.>', '_INBOX.>', '$JS.API.>', '$JS.ACK.>'];
  const subscribe = [`muster.req.${service}.>`, `_INBOX.${service}.>`];
  return `{ publish: { allow: ${JSON.stringify(publish)} }, subscribe: { allow: ${JSON.stringify(subscribe)} } }`;
}
