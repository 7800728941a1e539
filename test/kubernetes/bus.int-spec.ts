import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { podOf, renderOverlay } from './rendered-site.js';

const rendered = renderOverlay('primary');
const files = rendered.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('muster-nats'))?.[
  'data'
] as Record<string, string>;
const pod = rendered
  .filter(({ kind }) => kind === 'StatefulSet')
  .map(podOf)
  .find(Boolean);

describe('the bus of a site on Kubernetes', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'muster-bus-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  const check = (leaf: string, site = 'S01') => {
    for (const [name, text] of Object.entries(files)) writeFileSync(join(folder, name), text);
    writeFileSync(join(folder, 'leafnodes.conf'), leaf);
    const env = Object.fromEntries(
      (pod?.spec.containers[0]?.env ?? []).map(({ name, value }) => [
        name,
        value?.replace('$(MUSTER_SITE)', site) ?? (name === 'MUSTER_SITE' ? site : 'p123'),
      ]),
    );
    return execFileSync('nats-server', ['-t', '-c', join(folder, 'nats.conf')], {
      env: { ...env, PATH: `${process.env['PATH']}:/usr/sbin` },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };

  it('is told only what the real server understands, by variables that its pod has', () => {
    for (const site of ['S01', '100', '1E5']) expect(() => check(files['leafnodes.conf'] ?? '', site)).not.toThrow();
  });

  it('takes links of sites below, and holds one to a site above, in the account for links alone, as the documentation shows', () => {
    const operations = readFileSync(join(import.meta.dirname, '../../docs/operations.md'), 'utf8');
    const shown = [...operations.matchAll(/```conf\n([^`]+)```/g)].map(([, text]) => text ?? '');
    expect(shown).toHaveLength(2);
    for (const text of shown) {
      expect(text).toMatch(/account: "?LINKS/);
      // The files of the certificates are in the pod only.
      expect(() => check(text.replaceAll(/^ *tls \{[^}]*\}\n/gm, ''))).not.toThrow();
    }
  });

  it('understands a misspelt setting as little as the server does', () => {
    expect(() => check('leafnodez { port: 1 }')).toThrow(/unknown field/);
  });

  it('gives each service the rights that it has on one machine', () => {
    const local = readFileSync(join(import.meta.dirname, '../../libs/localsite/src/nats.ts'), 'utf8');
    const list = (name: string) =>
      (new RegExp(`const ${name} = \\[([^\\]]+)\\]`).exec(local)?.[1] ?? '')
        .match(/[`'][^`']+[`']/g)
        ?.map((one) => one.slice(1, -1));
    for (const service of ['catalog', 'deployment', 'content', 'policy']) {
      const own = files['nats.conf']?.split(`user: "${service}"`)[1]?.split('user: "')[0] ?? '';
      const allowed = (verb: string) =>
        JSON.parse(new RegExp(`${verb}: \\{ allow: (\\[.*\\]) \\}`).exec(own)?.[1] ?? '[]') as string[];
      const expected = (name: string) => list(name)?.map((subject) => subject.replace('${service}', service));
      expect([service, allowed('publish')]).toEqual([service, expected('publish')]);
      expect([service, allowed('subscribe')]).toEqual([service, expected('subscribe')]);
      const link = files['nats.conf']?.split(`user: "link-${service}"`)[1]?.split('user: "')[0] ?? '';
      expect(link).toContain(`publish: { allow: ["muster.hier.*.${service}.>", "_INBOX.>"] }`);
      expect(link).toContain(`subscribe: { allow: ["muster.hier.*.${service}.>", "_INBOX.*.${service}.>"] }`);
    }
  });
});
