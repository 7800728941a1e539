import { createHash } from 'node:crypto';
import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { loadConfig } from '@muster/platform/config.js';
import { parseAllDocuments } from 'yaml';
import { contentConfigSchema } from '../../apps/content/src/config.js';
import { policyConfigSchema } from '../../apps/policy/src/config.js';
import { type KubernetesObject, podOf, renderOverlay, renderVariant, root, variants } from './rendered-site.js';
import { schemaFindings } from './schemas.js';

const script = join(root, 'deploy', 'k8s', 'secrets.sh');
const run = (args: string[], environment: Record<string, string> = {}) =>
  spawnSync(script, args, { env: { PATH: process.env['PATH'], ...environment }, encoding: 'utf8' });
const keys = { LIBRARY_ACCESS_KEY: 'key', LIBRARY_SECRET_KEY: 'a "secret": $HOME\n' };
const made = run(['muster-pr1'], keys);
const secrets = parseAllDocuments(made.stdout).map(
  (document) => document.toJS() as KubernetesObject & { data: Record<string, string> },
);
const valueOf = (secret: string, key: string) =>
  Buffer.from(secrets.find(({ metadata }) => metadata.name === secret)?.data[key] ?? '', 'base64').toString();

describe('the secrets of a new site', () => {
  it('are manifests that the API server takes', async () => {
    expect((await Promise.all(secrets.map(schemaFindings))).flat()).toEqual([]);
  });

  it('are all that the pods of a site refer to, but for those that others make', () => {
    const site = renderOverlay('primary');
    const wanted = site.flatMap((object) => {
      const pod = podOf(object)?.spec;
      return [
        ...(pod?.volumes ?? []).map(({ secret }) => secret?.secretName),
        ...(pod?.containers ?? []).flatMap(({ env = [] }) =>
          env.map(({ valueFrom }) => valueFrom?.['secretKeyRef']?.name),
        ),
      ].filter((name) => name !== undefined);
    });
    const names = secrets.map(({ metadata }) => metadata.name);
    expect(new Set(wanted.filter((name) => !names.includes(name)))).toEqual(new Set(['muster-postgres-ca']));
    const cluster = JSON.stringify(site.find(({ kind }) => kind === 'Cluster'));
    for (const name of names.filter((one) => one.startsWith('muster-postgres-')))
      expect(cluster).toContain(`"${name}"`);
    const files = site
      .flatMap((object) => podOf(object)?.spec.containers ?? [])
      .flatMap(({ env = [], args }) =>
        env.map(({ value }) => ({ value, service: /apps\/(\w+)\//.exec(args?.[0] ?? '')?.[1] })),
      )
      .filter(({ value }) => value?.startsWith('/run/secrets/muster/'));
    for (const { value, service } of files)
      expect(valueOf(`muster-${service}`, value!.split('/').at(-1)!)).not.toBe('');
  });

  it('are what the services take, whatever stands in them', () => {
    const common = {
      MUSTER_SITE: 'PR1',
      MUSTER_HTTP_PORT: '1',
      MUSTER_GRPC_PORT: '2',
      MUSTER_NATS_URL: 'nats://x',
      MUSTER_LIBRARY_ENDPOINT: 'https://s3.example.com',
      MUSTER_LIBRARY_BUCKET: 'library',
    };
    const policy = loadConfig(policyConfigSchema, {
      ...common,
      MUSTER_DATABASE_URL: valueOf('muster-policy', 'database-url'),
      MUSTER_SITE_KEY: valueOf('muster-policy', 'site-key'),
      MUSTER_SEALING_KEY: valueOf('muster-policy', 'sealing-key'),
      MUSTER_ADMIN_TOKEN_SHA256: valueOf('muster-policy', 'admin-token-sha256'),
    });
    expect(policy.MUSTER_SEALING_KEY).toEqual([expect.objectContaining({ length: 32 })]);
    const token = /muster_\S+/.exec(made.stderr)?.[0] ?? '';
    expect(policy.MUSTER_ADMIN_TOKEN_SHA256).toBe(createHash('sha256').update(token).digest('hex'));
    expect(made.stdout).not.toContain(token);
    const url = new URL(policy.MUSTER_DATABASE_URL);
    expect(url.password).toBe(valueOf('muster-postgres-policy', 'password'));
    expect(url.searchParams.get('sslmode')).toBe('verify-full');
    const content = loadConfig(contentConfigSchema, {
      ...common,
      MUSTER_DATABASE_URL: valueOf('muster-content', 'database-url'),
      MUSTER_LIBRARY_ACCESS_KEY: valueOf('muster-content', 'library-access-key'),
      MUSTER_LIBRARY_SECRET_KEY: valueOf('muster-content', 'library-secret-key'),
    });
    expect(content.MUSTER_LIBRARY_SECRET_KEY).toBe(keys.LIBRARY_SECRET_KEY);
    expect(JSON.parse(valueOf('muster-content', 'point-credentials.json'))).toEqual({});
    // One key for the whole site: other sites know it by that.
    const linkKeys = ['catalog', 'deployment', 'content', 'policy'].map((name) =>
      valueOf(`muster-${name}`, 'link-key'),
    );
    expect([...new Set(linkKeys)]).toEqual([expect.stringContaining('BEGIN PRIVATE KEY')]);
    expect(valueOf('muster-nats', 'policy-password')).toBe(valueOf('muster-policy', 'nats-password'));
  });

  it('have the keys of backups where they are given, which the archive of the database refers to', async () => {
    const backup = parseAllDocuments(
      run(['muster-pr1'], { ...keys, BACKUP_ACCESS_KEY: 'key of backups', BACKUP_SECRET_KEY: 'hush' }).stdout,
    )
      .map((document) => document.toJS() as KubernetesObject & { data: Record<string, string> })
      .find(({ metadata }) => metadata.name === 'muster-backup')!;
    expect(await schemaFindings(backup)).toEqual([]);
    expect(secrets.map(({ metadata }) => metadata.name)).not.toContain('muster-backup');
    const read = Object.entries(backup.data).map(([key, text]) => [key, Buffer.from(text, 'base64').toString()]);
    expect(Object.fromEntries(read)).toEqual({ 'access-key': 'key of backups', 'secret-key': 'hush' });
    const site = renderVariant(variants['a site whose database is backed up']!);
    const cluster = site.find(({ kind }) => kind === 'Cluster');
    const s3Credentials = {
      accessKeyId: { name: 'muster-backup', key: 'access-key' },
      secretAccessKey: { name: 'muster-backup', key: 'secret-key' },
    };
    expect(cluster?.spec?.['backup']).toMatchObject({ barmanObjectStore: { s3Credentials } });
    expect(run(['muster-pr1'], { ...keys, BACKUP_ACCESS_KEY: 'key' }).status).toBe(1);
  });

  it('are made for a namespace only, and not without the keys of the library', () => {
    expect(run([])).toMatchObject({ status: 2, stderr: expect.stringContaining('secrets.sh NAMESPACE'), stdout: '' });
    expect(run(['muster-pr1'])).toMatchObject({
      status: 1,
      stdout: '',
      stderr: expect.stringContaining('LIBRARY_ACCESS_KEY'),
    });
  });
});
