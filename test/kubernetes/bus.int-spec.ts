import { execFileSync, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect } from '@nats-io/transport-node';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';
import { parse } from 'yaml';
import { podOf, renderOverlay, root } from './rendered-site.js';

const rendered = renderOverlay('primary');
const files = rendered.find(({ kind, metadata }) => kind === 'ConfigMap' && metadata.name.startsWith('muster-nats'))?.[
  'data'
] as Record<string, string>;
const pod = rendered
  .filter(({ kind }) => kind === 'StatefulSet')
  .map(podOf)
  .find(Boolean);

const withSbin = { PATH: `${process.env['PATH']}:/usr/sbin` };

/** What the script makes for the site CEN and those below it. */
function leafUsers(folder: string, codes = ['PR1', 'PR2']) {
  const leaves = join(folder, 'leaves');
  const script = join(root, 'deploy', 'k8s', 'leaf-users.sh');
  const made = execFileSync(script, ['muster-cen', 'CEN', 'central.example:7422', leaves, ...codes], {
    encoding: 'utf8',
  });
  const { data } = parse(made) as { data: Record<string, string> };
  const hub = Object.fromEntries(
    Object.entries(data).map(([name, text]) => [name, Buffer.from(text, 'base64').toString()]),
  );
  return { hub, children: codes.map((code) => readFileSync(join(leaves, `${code}.conf`), 'utf8')) };
}

describe('the bus of a site on Kubernetes', () => {
  let folder: string;
  beforeAll(() => (folder = mkdtempSync(join(tmpdir(), 'muster-bus-'))));
  afterAll(() => rmSync(folder, { recursive: true, force: true }));

  /** @param instead files that components put in the place of those of a site that stands alone */
  const check = (instead: Record<string, string> = {}, site = 'S01') => {
    for (const [name, text] of Object.entries({ ...files, ...instead })) writeFileSync(join(folder, name), text);
    const env = Object.fromEntries(
      (pod?.spec.containers[0]?.env ?? []).map(({ name, value }) => [
        name,
        value?.replace('$(MUSTER_SITE)', site) ?? (name === 'MUSTER_SITE' ? site : 'p123'),
      ]),
    );
    return execFileSync('nats-server', ['-t', '-c', join(folder, 'nats.conf')], {
      env: { ...env, ...withSbin },
      encoding: 'utf8',
      stdio: ['ignore', 'pipe', 'pipe'],
    });
  };

  it('is told only what the real server understands, by variables that its pod has', () => {
    for (const site of ['S01', '100', '1E5']) expect(() => check({}, site)).not.toThrow();
  });

  it('takes links of sites below, and holds one to a site above, in the account for links alone, as the script for it says', () => {
    const { hub, children } = leafUsers(folder);
    const withoutFiles = (text: string) => text.replaceAll(/^ *tls \{[^}]*\}\n/gm, '');
    const below = { ...hub, 'leaf-listen.conf': withoutFiles(hub['leaf-listen.conf']!) };
    expect(() => check(below, 'CEN')).not.toThrow();
    for (const text of children) {
      expect(text).toMatch(/account: "LINKS"/);
      const above = { 'leaf-remotes.conf': withoutFiles(text) };
      expect(() => check(above)).not.toThrow();
      // Between a site above and sites below.
      expect(() => check({ ...below, ...above }, 'PR1')).not.toThrow();
    }
    // A new site has nobody below: its bus starts all the same.
    const alone = leafUsers(folder, []).hub;
    expect(() => check({ ...alone, 'leaf-listen.conf': withoutFiles(alone['leaf-listen.conf']!) })).not.toThrow();
    // Who is there keeps its password; who is left out has no user any more.
    const again = leafUsers(folder, ['PR1']).hub['link-users.conf']!;
    const userOf = (text: string, code: string) => new RegExp(`leaf-${code}", password: "(\\w+)"`).exec(text)?.[1];
    expect(userOf(again, 'PR1')).toBe(userOf(hub['link-users.conf']!, 'PR1'));
    expect([userOf(hub['link-users.conf']!, 'PR2'), userOf(again, 'PR2')]).toEqual([expect.any(String), undefined]);
  });

  it('lets a site below hear what is for itself, and nothing of its sisters', async () => {
    const { hub } = leafUsers(folder);
    const port = await freePort();
    const users = hub['link-users.conf']!.replaceAll(/\$\w+/g, '"p123"');
    writeFileSync(join(folder, 'rights.conf'), `listen: "127.0.0.1:${port}"\naccounts { LINKS { ${users} } }`);
    const server = spawn('nats-server', ['-c', join(folder, 'rights.conf')], { env: withSbin, stdio: 'ignore' });
    const pass = (code: string) => new RegExp(`leaf-${code}", password: "(\\w+)"`).exec(users)?.[1] ?? '';
    const at = (user: string, password: string) =>
      connect({ servers: `127.0.0.1:${port}`, user, pass: password, waitOnFirstConnect: true, reconnectTimeWait: 50 });
    const [child, central] = [await at('leaf-PR1', pass('PR1')), await at('link-policy', 'p123')];
    try {
      const heard: string[] = [];
      const refused: string[] = [];
      for (const subject of ['muster.hier.PR1.policy.pull', 'muster.hier.PR2.policy.pull', 'muster.hier.>']) {
        child.subscribe(subject, {
          callback: (failure, message) => {
            if (failure) refused.push(subject);
            else heard.push(message.subject);
          },
        });
      }
      await child.flush();
      for (const code of ['PR2', 'PR1']) central.publish(`muster.hier.${code}.policy.pull`);
      await until(() => heard.length === 1 && refused.length === 2);
      expect([heard, refused]).toEqual([
        ['muster.hier.PR1.policy.pull'],
        ['muster.hier.PR2.policy.pull', 'muster.hier.>'],
      ]);
    } finally {
      await Promise.all([child.close(), central.close()]);
      server.kill();
    }
  });

  it('understands a misspelt setting as little as the server does', () => {
    expect(() => check({ 'leaf-listen.conf': 'ports: 1' })).toThrow(/unknown field/);
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
      const link = files['link-users.conf']?.split(`user: "link-${service}"`)[1]?.split('user: "')[0] ?? '';
      expect(link).toContain(`publish: { allow: ["muster.hier.*.${service}.>", "_INBOX.>"] }`);
      expect(link).toContain(`subscribe: { allow: ["muster.hier.*.${service}.>", "_INBOX.*.${service}.>"] }`);
    }
  });
});
