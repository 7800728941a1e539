import {
  type ApplicationRevision,
  type ApplicationRevisionList,
  applicationRevisionSchema,
} from '@muster/contracts/kinds/application-revision.js';
import { digestOf as digestOfJson } from '@muster/contracts/digest.js';
import { until } from '@muster/testing/until.js';
import { UnkeptRevisions } from '../src/applications/revisions/unkept-revisions.js';
import { applicationSchema } from '@muster/sequence/applications/application.js';
import type { ContentUses } from '@muster/contracts/kinds/content-uses.js';
import { contentUsesSchema } from '@muster/contracts/kinds/content-uses.js';
import type { ContentSources } from '@muster/contracts/kinds/content-sources.js';
import { CONTENT_RESOURCES } from '@muster/contracts/kinds/content-resources.js';
import type { ContentKind } from '@muster/contracts/kinds/content-reference.js';
import type { PackageStatus } from '@muster/contracts/kinds/package.js';
import type { Problem } from '@muster/contracts/problem.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { fromStruct, type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { ContentUnderTest, filesOf, sendAll, type UploadPlan } from './content-under-test.js';

const SPECS: Record<ContentKind, object> = {
  Package: { language: 'de-DE' },
  OsImage: { os: 'Debian', osVersion: '12', architecture: 'x64', images: [{ index: 1, name: 'minimal' }] },
  UpgradePackage: { os: 'Debian', editions: [{ index: 1, name: 'standard' }] },
  BootImage: { architecture: 'x64', pxe: true },
  DriverPackage: { models: ['ThinkCentre M70q'], platforms: [{ os: 'Debian', architecture: 'x64' }] },
};

/** What computers are told of it where they fetch it ahead. */
const MEANT_FOR: Partial<Record<ContentKind, object>> = {
  Package: { language: 'de-DE' },
  OsImage: { architecture: 'x64' },
  DriverPackage: { models: ['ThinkCentre M70q'] },
};

describe('content of every kind', () => {
  let content: ContentUnderTest;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    await content.applyPoint('dp-local');
  });

  afterAll(async () => {
    await content?.stop();
  });

  const put = (kind: string, plural: string, name: string, spec: object, query = '') =>
    content.ask<Problem>('PUT', `/${plural}/${name}${query}`, {
      apiVersion: 'muster/v1',
      kind,
      metadata: { name },
      spec,
    });
  const putApp = (name: string, spec: object, query = '') => put('Application', 'applications', name, spec, query);
  const app = (more: object = {}, whole: object = {}) =>
    applicationSchema.parse({
      deploymentTypes: [{ name: 'any', install: { command: 'true' }, detection: { file: '/x' }, ...more }],
      ...whole,
    });

  describe.each(Object.entries(CONTENT_RESOURCES))('%s', (name, { plural }) => {
    const kind = name as ContentKind;

    it('has versions, a way to points, a location and a removal of its own, whatever is called the same', async () => {
      // The same name for every kind: they have nothing to do with each other.
      const bytes = Buffer.from(`the ${kind}`);
      await content.apply(kind, plural, 'same', SPECS[kind]);
      const { status, body: plan } = await content.ask<UploadPlan>('POST', `/${plural}/same/versions`, {
        files: filesOf({ file: bytes }),
      });
      expect([status, plan.version]).toEqual([201, 1]);
      await sendAll(plan, [bytes]);
      expect(await content.ask('POST', `/${plural}/same/versions/1/commit`)).toMatchObject({ status: 200 });
      const { body: kept } = await content.ask<{ status: PackageStatus }>('GET', `/${plural}/same`);
      expect(kept.status).toMatchObject({ newestVersion: 1, versions: [{ manifest: plan.manifest }] });

      const distribution = `same-${plural}`;
      await content.apply('Distribution', 'distributions', distribution, {
        package: 'same',
        ...(kind === 'Package' ? {} : { kind }),
        points: ['dp-local'],
      });
      await content.untilProgress(distribution, ({ state }) => state === 'available');
      const bus = content.app.get(Bus);
      const { contents = [] } = await bus.request(resolveContent, { packages: [], contents: [{ kind, name: 'same' }] });
      expect(contents[0]?.meantFor).toEqual(MEANT_FOR[kind]);
      expect(contents).toMatchObject([{ kind, exists: true, distributed: { version: 1, manifest: plan.manifest } }]);
      const sources = await content.ask<ContentSources>('GET', `/${plural}/same/sources`);
      expect(sources.body).toMatchObject({ manifest: plan.manifest, sources: [{ point: 'dp-local' }] });

      const refused = await content.ask('DELETE', `/${plural}/same`);
      expect(refused.body).toMatchObject({
        code: 'content.package-in-use',
        detail: expect.stringContaining(`${kind} "same"`),
      });
      expect((await content.ask('DELETE', `/distributions/${distribution}`)).status).toBe(200);
      expect((await content.ask('DELETE', `/${plural}/same`)).status).toBe(200);
      const [left] = await content.app.get(Database).query<{ owners: number; versions: number }>(
        `select (select count(*) from content_owner where kind = $1) as owners,
           (select count(*) from package_version where manifest = $2) as versions`,
        [kind, plan.manifest],
      );
      expect(left).toEqual({ owners: 0, versions: 0 });
    });
  });

  it('that has no files is everywhere: its programs reach devices without any distribution', async () => {
    const programs = { restart: { command: 'shutdown', arguments: ['-r', '+1'] } };
    await content.apply('Package', 'packages', 'restarting', { noFiles: true, programs });
    const bus = content.app.get(Bus);
    const { packages } = await bus.request(resolveContent, { packages: ['restarting'] });
    expect(packages).toEqual([
      {
        name: 'restarting',
        exists: true,
        programs,
        distributed: { version: 1, manifest: digestOfJson({ files: [] }), bytes: 0 },
      },
    ]);
    const located = await bus.request(locateContent, { manifest: packages[0]!.distributed!.manifest });
    expect(located).toMatchObject({ manifest: { files: [] }, locations: [] });
    const refused = await content.announce('restarting', filesOf({ file: Buffer.from('x') }));
    expect(refused).toMatchObject({ status: 409, body: { code: 'content.no-files' } });
    expect(await content.ask('GET', '/packages/restarting/sources')).toMatchObject({
      status: 409,
      body: { code: 'content.no-files' },
    });
  });

  it('goes into the library over gRPC as over REST', async () => {
    await content.apply('DriverPackage', 'driver-packages', 'network', {});
    const bytes = Buffer.from('a driver');
    const address = `127.0.0.1:${content.environment['MUSTER_GRPC_PORT']}`;
    const client = grpcClient('content', 'PackageVersionService', address, await content.servers.addToken('content'));
    const version = { kind: 'DriverPackage', name: 'network', version: 1 };
    try {
      const announcement = toStruct({ files: filesOf({ 'net.inf': bytes }) });
      const plan = await client.call<UploadPlan>('Announce', { ...version, announcement });
      expect(plan).toMatchObject({ version: 1, uploads: [{ size: bytes.length }] });
      await expect(client.call('Commit', version)).rejects.toThrow('"net.inf" was not uploaded');
      await sendAll(plan, [bytes]);
      expect(await client.call('Commit', version)).toMatchObject({ state: 'available', files: 1, bytes: bytes.length });
      const { manifest } = await client.call<{ manifest: ProtobufStruct }>('GetManifest', version);
      expect(fromStruct(manifest)).toEqual({ files: filesOf({ 'net.inf': bytes }) });
      const wanted = { ...version, files: plan.uploads.map(({ digest }) => digest) };
      const { downloads } = await client.call<{ downloads: { url: string }[] }>('LocateFiles', wanted);
      expect(await (await fetch(downloads[0]?.url ?? '')).text()).toBe('a driver');
      await expect(client.call('GetManifest', { ...version, kind: 'Deployment' })).rejects.toMatchObject({ code: 3 });
      await expect(client.call('LocateFiles', { ...version, files: [] })).rejects.toMatchObject({ code: 3 });
    } finally {
      client.close();
    }
  });

  it('is refused with what would be right: an unknown kind of a distribution, a kind that has no versions', async () => {
    const unknown = await put('Distribution', 'distributions', 'd', {
      package: 'gone',
      kind: 'OsImage',
      points: ['dp-local'],
    });
    expect(unknown.body.findings).toEqual([
      expect.objectContaining({ path: '/spec/package', message: 'there is no OsImage "gone"' }),
    ]);
    const wrong = await content.ask('POST', '/distributions/d/versions', { files: [] });
    expect([wrong.status, wrong.body.code]).toEqual([400, 'document.invalid']);
    const missing = await content.ask('POST', '/os-images/gone/versions', { files: [] });
    expect([missing.status, missing.body.detail]).toEqual([404, 'There is no OsImage "gone"']);
  });

  describe('applications', () => {
    beforeAll(async () => {
      await content.apply('Package', 'packages', 'tools', { programs: { install: { command: 'install.sh' } } });
      await content.apply('Application', 'applications', 'library', app());
    });

    it('name packages, programs and applications that exist, or are refused with each place', async () => {
      const spec = app(
        { package: 'gone', install: { program: 'install' }, dependencies: [{ anyOf: ['library', 'lost'] }] },
        { supersedes: [{ application: 'old' }] },
      );
      const refused = await putApp('editor', spec);
      expect([refused.status, refused.body.code]).toEqual([400, 'content.missing-reference']);
      expect(refused.body.findings?.map(({ path }) => path)).toEqual([
        '/spec/deploymentTypes/0/package',
        '/spec/deploymentTypes/0/dependencies/0/anyOf/1',
        '/spec/supersedes/0/application',
      ]);
      expect((await content.ask('GET', '/applications/editor')).status).toBe(404);
      const program = await putApp('editor', app({ package: 'tools', install: { program: 'setup' } }));
      expect(program.body).toMatchObject({ code: 'content.program-not-found' });
      const good = app({ package: 'tools', install: { program: 'install' }, dependencies: [{ anyOf: ['library'] }] });
      expect((await putApp('editor', good, '?dryRun=true')).status).toBeLessThan(300);
      expect((await content.ask('GET', '/applications/editor')).status).toBe(404);
      expect(await putApp('editor', good)).toMatchObject({
        status: 201,
        body: { status: { deploymentTypes: 1, packages: ['tools'] } },
      });
    });

    it('lead in no circle, also when two are saved at once', async () => {
      for (const name of ['one', 'two']) await content.apply('Application', 'applications', name, app());
      const both = await Promise.all([
        putApp('one', app({ dependencies: [{ anyOf: ['two'] }] })),
        putApp('two', app({ dependencies: [{ anyOf: ['one'] }] })),
      ]);
      expect(both.map(({ status }) => status).toSorted()).toEqual([200, 400]);
      const refused = both.find(({ status }) => status === 400);
      expect(refused?.body).toMatchObject({
        code: 'application.dependency-cycle',
        findings: [{ path: '/spec/deploymentTypes/0/dependencies/0/anyOf/0' }],
      });
    });

    it('that miss something afterwards say so until it is there again; changing a label is not refused for it', async () => {
      await content.apply('Application', 'applications', 'plugin', app());
      const spec = app({ dependencies: [{ anyOf: ['plugin'] }] });
      await content.apply('Application', 'applications', 'host', spec);
      const refused = await content.ask('DELETE', '/applications/plugin');
      expect([refused.status, refused.body.code, refused.body.findings?.map(({ path }) => path)]).toEqual([
        409,
        'resource.still-used',
        ['Application/host'],
      ]);
      expect((await content.ask('DELETE', '/applications/plugin?force=true')).status).toBe(200);
      const host = () => content.ask<{ status: object }>('GET', '/applications/host').then(({ body }) => body.status);
      expect(await host()).toMatchObject({
        danglingReferences: [
          { kind: 'Application', name: 'plugin', path: '/spec/deploymentTypes/0/dependencies/0/anyOf/0' },
        ],
      });
      const labelled = await content.ask('PUT', '/applications/host', {
        apiVersion: 'muster/v1',
        kind: 'Application',
        metadata: { name: 'host', labels: { team: 'desk' } },
        spec,
      });
      expect(labelled.status).toBe(200);
      await content.apply('Application', 'applications', 'plugin', app());
      expect(await host()).not.toHaveProperty('danglingReferences');
    });

    it('keep a revision of each change, with author and reason, that can be compared and brought back', async () => {
      const first = app({ install: { command: 'apt-get' } });
      const second = app({ install: { command: 'apt' } }, { version: '2' });
      await putApp('revised', first);
      await putApp('revised', second, '?comment=newer');
      // The same again, and a label, change nothing of it.
      await putApp('revised', second, '?comment=nothing');
      const list = () => content.ask<ApplicationRevisionList>('GET', '/applications/revised/revisions');
      const [newest, oldest, ...more] = (await list()).body.items;
      expect(more).toEqual([]);
      expect(newest).toMatchObject({
        application: 'revised',
        revision: 2,
        comment: 'newer',
        author: expect.any(String),
      });
      expect(oldest).toMatchObject({ revision: 1, digest: digestOfJson(first) });
      const { body: old } = await content.ask<ApplicationRevision>('GET', '/applications/revised/revisions/1');
      expect(applicationRevisionSchema.parse(old).spec).toEqual(first);
      const difference = await content.ask('GET', '/applications/revised/revisions/1/difference');
      expect(difference.body).toMatchObject({
        from: 1,
        to: 2,
        lines: ['~ /deploymentTypes/any/install/command: "apt-get" -> "apt"', '+ /version: "2"'],
      });
      const restore = '/applications/revised/revisions/1/restore';
      const dry = await content.ask<{ status: object }>('POST', `${restore}?dryRun=true`);
      expect([dry.status, dry.body.status]).toEqual([200, expect.objectContaining({ revision: 3 })]);
      expect((await list()).body.items).toHaveLength(2);
      const restored = await content.ask<{ spec: object; status: object }>('POST', `${restore}?comment=broken`);
      expect(restored.body).toMatchObject({ spec: first, status: { revision: 3, digest: oldest?.digest } });
      expect((await list()).body.items[0]).toMatchObject({ revision: 3, comment: 'Restored revision 1: broken' });
      expect(await content.ask('GET', '/applications/revised/revisions/9')).toMatchObject({
        status: 404,
        body: { code: 'revision.not-found', detail: expect.stringContaining('1 to 3') },
      });
      expect(await content.ask('GET', '/applications/nobody/revisions')).toMatchObject({ status: 404 });
    });

    it('that a release without revisions saved get their first one after the start, or with the next save', async () => {
      const database = content.app.get(Database);
      const forget = async (name: string) => {
        await putApp(name, app());
        await database.query(
          'delete from application_revision where application_uid = (select uid from application where name = $1)',
          [name],
        );
        await database.query(`update application set status = status - 'digest' - 'revision' where name = $1`, [name]);
      };
      const list = async (name: string) => {
        const { body } = await content.ask<ApplicationRevisionList>('GET', `/applications/${name}/revisions`);
        return body.items.map(({ revision, author }) => [revision, author === 'unknown']);
      };
      await forget('old-and-saved');
      await putApp('old-and-saved', app({}, { version: '2' }));
      expect(await list('old-and-saved')).toEqual([
        [2, false],
        [1, true],
      ]);
      await forget('old');
      expect(await list('old')).toEqual([]);
      content.app.get(UnkeptRevisions).onApplicationBootstrap();
      await until(async () => (await list('old')).length > 0);
      expect(await list('old')).toEqual([[1, true]]);
      expect((await content.ask('GET', '/applications/old')).body).toMatchObject({ status: { revision: 1 } });
    });

    it('show and bring back revisions over gRPC as over REST', async () => {
      await putApp('typed', app({ install: { command: 'one' } }));
      await putApp('typed', app({ install: { command: 'two' } }));
      const address = `127.0.0.1:${content.environment['MUSTER_GRPC_PORT']}`;
      const client = grpcClient('content', 'ApplicationRevisionService', address, content.token);
      const line = '~ /deploymentTypes/any/install/command: "one" -> "two"';
      try {
        expect(await client.call('List', { name: 'typed', pageSize: 1 })).toMatchObject({
          metadata: { continue: expect.any(String) },
          items: [{ application: 'typed', revision: 2 }],
        });
        const { spec } = await client.call<{ spec: ProtobufStruct }>('Get', { name: 'typed', revision: 1 });
        expect(fromStruct(spec)).toEqual(app({ install: { command: 'one' } }));
        expect(await client.call('Compare', { name: 'typed', revision: 1 })).toMatchObject({ to: 2, lines: [line] });
        const stale = client.call('Restore', { name: 'typed', revision: 1, ifMatch: '7' });
        await expect(stale).rejects.toThrow('has changed');
        const restored = await client.call('Restore', { name: 'typed', revision: 1, comment: 'back' });
        expect(restored).toMatchObject({ kind: 'Application', metadata: { name: 'typed' } });
        await expect(client.call('Get', { name: 'typed', revision: 0 })).rejects.toMatchObject({ code: 3 });
      } finally {
        client.close();
      }
    });

    it('are answered to other services, as many as fit', async () => {
      const script = 'x'.repeat(30_000);
      const large = app({ detection: { script } });
      const types = Array.from({ length: 30 }, (_, n) => ({ ...large.deploymentTypes[0], name: `type ${n}` }));
      for (const name of ['large-1', 'large-2', 'large-3', 'large-4', 'large-5'])
        await content.apply('Application', 'applications', name, { deploymentTypes: types });
      const bus = content.app.get(Bus);
      const names = ['nobody', 'large-1', 'large-2', 'large-3', 'large-4', 'large-5'];
      const { applications = [] } = await bus.request(resolveContent, { packages: [], applications: names });
      expect(applications[0]).toEqual({ name: 'nobody', spec: null });
      expect(applications.length).toBeGreaterThan(2);
      expect(applications.length).toBeLessThan(names.length);
    });
  });

  it('has users: applications, sequences and deployments, and Distributions, over REST and gRPC', async () => {
    content.users.set('Package/shared', {
      nodes: [{ sequence: 'build', path: 'Install', disabled: false }],
      deployments: ['build-all'],
    });
    await content.apply('Package', 'packages', 'shared', {});
    await content.apply('Application', 'applications', 'user', app({ package: 'shared' }));
    await content.apply('Distribution', 'distributions', 'shared', { package: 'shared', points: ['dp-local'] });
    const expected: ContentUses = {
      kind: 'Package',
      name: 'shared',
      sequences: { items: [{ sequence: 'build', path: 'Install', disabled: false }], more: false },
      applications: {
        items: [
          { application: 'user', how: 'content', deploymentType: 'any', path: '/spec/deploymentTypes/0/package' },
        ],
        more: false,
      },
      deployments: { items: ['build-all'], more: false },
      distributions: { items: ['shared'], more: false },
    };
    const { body } = await content.ask<ContentUses>('GET', '/packages/shared/uses');
    expect(body).toEqual(expected);
    expect(contentUsesSchema.parse(body)).toEqual(expected);
    const address = `127.0.0.1:${content.environment['MUSTER_GRPC_PORT']}`;
    const client = grpcClient('content', 'ContentUseService', address, await content.servers.addToken('content'));
    try {
      expect(await client.call('FindUses', { kind: 'Package', name: 'shared' })).toMatchObject({
        applications: { items: [{ application: 'user', how: 'content' }] },
        deployments: { items: ['build-all'] },
      });
    } finally {
      client.close();
    }
    expect((await content.ask<ContentUses>('GET', '/applications/nobody/uses')).body).toMatchObject({
      kind: 'Application',
      applications: { items: [] },
    });
    expect((await content.ask('GET', '/distributions/shared/uses')).status).toBe(400);
    const deleted = await content.ask('DELETE', '/packages/shared');
    expect([deleted.body.code, deleted.body.findings?.map(({ path }) => path)]).toEqual([
      'resource.still-used',
      ['TaskSequence/build', 'Application/user', 'Deployment/build-all'],
    ]);
    // What is distributed stays, whatever is asked for.
    const forced = await content.ask('DELETE', '/packages/shared?force=true');
    expect(forced.body.code).toBe('content.package-in-use');
  });
});
