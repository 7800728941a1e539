import { contextFilePath } from '../context/context-file.js';
import type { Terminal } from '../terminal.js';
import type { RunningSite } from '@muster/localsite/start-site.js';

/** Where things are and how to go on, once the site is up. */
export function showSite(site: RunningSite, terminal: Terminal): void {
  const { url, layout, siteCode } = site;
  const lines = [
    '',
    `Site ${siteCode} serves at ${url}`,
    `  documentation   ${url}/docs/catalog/  and deployment, content, policy; sign in with any name, the token as password`,
    `  sign in         "npx muster" uses context "local" in ${contextFilePath(terminal.environment)}, which holds the token;`,
    '                  another token: npx muster api-token create NAME',
    `  REST            curl -H "Authorization: Bearer $MUSTER_TOKEN" ${url}/api/v1/devices`,
    `  gRPC            the same address, with reflection`,
    '  try             npx muster get devices',
    '                  npx muster get runs -o wide',
    '                  npx muster describe task-sequence hello-site',
    '                  npx muster apply -f examples/hello-site/hello-site.yaml --dry-run=server',
    `  data and logs   ${layout.root}, ${layout.logs}`,
  ];
  for (const line of lines) terminal.out(line);
}
