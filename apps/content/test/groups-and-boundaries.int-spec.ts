import { randomBytes } from 'node:crypto';
import type { ContentSources } from '@muster/contracts/kinds/content-sources.js';
import { explainSources } from '@muster/contracts/requests/explain-sources.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { until } from '@muster/testing/until.js';
import { ContentUnderTest } from './content-under-test.js';

describe('groups of points and boundary groups', () => {
  let content: ContentUnderTest;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    for (const name of ['north', 'south', 'west']) await content.applyPoint(name);
  });
  afterAll(async () => content?.stop());

  const group = (name: string, points: string[]) =>
    content.apply('DistributionPointGroup', 'distribution-point-groups', name, { points });
  const states = async (name: string) =>
    (await content.progress(name)).map(({ point, version, state }) => `${point} ${version} ${state}`);

  it('bring content to the points of a group, to who joins later too, and leave it with who leaves', async () => {
    await group('branches', ['north']);
    await content.upload('grouped', { a: randomBytes(3000) });
    await content.apply('Distribution', 'distributions', 'grouped', { package: 'grouped', groups: ['branches'] });
    await until(async () => (await states('grouped')).join() === 'north 1 available');

    await group('branches', ['north', 'south']);
    await until(async () => (await states('grouped')).join() === 'north 1 available,south 1 available');

    await group('branches', ['south']);
    expect(await states('grouped')).toEqual(['north 1 available', 'south 1 available']);
    await content.upload('grouped', { a: randomBytes(3000) });
    await until(async () => (await states('grouped')).join() === 'north 1 available,south 2 available');
  });

  it('withdraw content when the Distribution does not name the group any more, but not from points that it still names', async () => {
    await group('two', ['north', 'south']);
    await content.upload('moved', { a: randomBytes(3000) });
    await content.apply('Distribution', 'distributions', 'moved', { package: 'moved', groups: ['two'] });
    await until(async () => (await states('moved')).join() === 'north 1 available,south 1 available');
    await content.apply('Distribution', 'distributions', 'moved', { package: 'moved', points: ['south'] });
    expect(await states('moved')).toEqual(['south 1 available']);
  });

  it('have one default at most, also when several people make one at the same time', async () => {
    for (let round = 0; round < 5; round++) {
      const names = [0, 1, 2, 3].map((number) => `default-${round}-${number}`);
      const answers = await Promise.all(
        names.map((name) =>
          content.ask<{ code?: string }>('PUT', `/boundary-groups/${name}`, {
            apiVersion: 'muster/v1',
            kind: 'BoundaryGroup',
            metadata: { name },
            spec: { points: [], isDefault: true },
          }),
        ),
      );
      const refused = answers.filter(({ status }) => status === 409).map(({ body }) => body.code);
      expect(answers.map(({ status }) => status).toSorted()).toEqual([201, 409, 409, 409]);
      expect(new Set(refused)).toEqual(new Set(['content.second-default-group']));
      const made = names[answers.findIndex(({ status }) => status === 201)];
      expect((await content.ask('DELETE', `/boundary-groups/${made}`)).status).toBe(200);
    }
  });

  it('refuse what names nothing, and deleting what is named', async () => {
    const document = (kind: string, name: string, spec: object) => ({
      apiVersion: 'muster/v1',
      kind,
      metadata: { name },
      spec,
    });
    const group = document('DistributionPointGroup', 'lost', { points: ['north', 'nowhere'] });
    expect(await content.ask('PUT', '/distribution-point-groups/lost', group)).toMatchObject({
      status: 400,
      body: { code: 'content.missing-reference', findings: [{ path: '/spec/points/1' }] },
    });
    const nothing = document('Distribution', 'nothing', { package: 'grouped' });
    expect((await content.ask('PUT', '/distributions/nothing', nothing)).status).toBe(400);
    const wrong = document('Distribution', 'wrong', { package: 'grouped', groups: ['unheard-of'] });
    expect(await content.ask('PUT', '/distributions/wrong', wrong)).toMatchObject({
      status: 400,
      body: { code: 'content.missing-reference', findings: [{ path: '/spec/groups/0' }] },
    });
    expect(await content.ask('DELETE', '/distribution-point-groups/branches')).toMatchObject({
      status: 409,
      body: { code: 'content.group-in-use' },
    });
    const range = document('BoundaryGroup', 'odd', { points: [], addresses: ['10.0.0.0/33'] });
    const refused = await content.ask('PUT', '/boundary-groups/odd', range);
    expect(refused.status).toBe(400);
    expect(JSON.stringify(refused.body)).toContain('10.1.0.0/16 or 2001:db8::/48');
  });

  it('send agents to near points first and say why, and never to a point in maintenance', async () => {
    const plan = await content.upload('near', { a: randomBytes(3000) });
    await content.apply('Distribution', 'distributions', 'near', {
      package: 'near',
      points: ['north', 'south', 'west'],
      priority: 'high',
    });
    await until(async () => (await states('near')).every((state) => state.endsWith('available')));
    const locate = async (address?: string) =>
      content.app.get(Bus).request(locateContent, { manifest: plan.manifest, ...(address ? { address } : {}) });
    const free = await locate('10.1.0.5');
    expect(free.locations[0]?.points?.toSorted()).toEqual(['north', 'south', 'west']);
    expect(free.sources?.[0]?.reason).toContain('no boundary groups');

    const boundary = (name: string, spec: object) => content.apply('BoundaryGroup', 'boundary-groups', name, spec);
    await boundary('berlin', {
      addresses: ['10.1.0.0/16', '2001:db8::/32'],
      points: ['north'],
      neighbours: [{ group: 'paris', minutes: 10 }],
    });
    await boundary('paris', { addresses: ['10.2.0.0/16'], points: ['south'], neighbours: [{ group: 'berlin' }] });
    await boundary('centre', { points: ['west'], isDefault: true });
    // Another process may have changed them: what this one knows is a second old at most.
    await until(
      async () =>
        (await locate('10.1.0.5')).sources?.length === 3 && (await locate('10.1.0.5')).sources?.[0]?.point === 'north',
    );
    const near = await locate('2001:db8::7');
    expect(near.sources).toEqual([
      { point: 'north', reason: 'current boundary group berlin' },
      { point: 'south', reason: 'neighbour boundary group paris, 10 minutes from berlin' },
      { point: 'west', reason: 'default boundary group centre, 120 minutes from berlin' },
    ]);
    expect(near.locations[0]?.points).toEqual(['north', 'south', 'west']);
    expect(near.locations[0]?.urls).toHaveLength(3);
    // What people are told, of a device whose first address is that of some bridge: the very same.
    const nowhere = `sha256:${'0'.repeat(64)}`;
    const told = await content.app.get(Bus).request(explainSources, {
      manifests: [plan.manifest, nowhere],
      addresses: ['172.17.0.1', '2001:db8::7'],
    });
    expect(told).toEqual({
      address: '2001:db8::7',
      groups: ['berlin'],
      contents: [
        { manifest: plan.manifest, sources: near.sources, leftOut: [] },
        { manifest: nowhere, sources: [], leftOut: [] },
      ],
    });

    const second = await content.ask('PUT', '/boundary-groups/second', {
      apiVersion: 'muster/v1',
      kind: 'BoundaryGroup',
      metadata: { name: 'second' },
      spec: { points: [], isDefault: true },
    });
    expect(second).toMatchObject({ status: 409, body: { code: 'content.second-default-group' } });
    expect(await content.ask('DELETE', '/distribution-points/north')).toMatchObject({ status: 409 });

    await content.applyPoint('north', undefined, { maintenance: true });
    const { body: explained } = await content.ask<ContentSources>('GET', '/packages/near/sources?address=10.1.0.5');
    expect(explained).toMatchObject({
      package: 'near',
      version: 1,
      groups: ['berlin'],
      sources: [{ point: 'south' }, { point: 'west' }],
      leftOut: [{ point: 'north', reason: 'the point is in maintenance' }],
    });
    expect((await locate('10.1.0.5')).locations[0]?.points).toEqual(['south', 'west']);
    const { body: far } = await content.ask<ContentSources>('GET', '/packages/near/sources?address=192.0.2.1');
    expect(far.sources).toEqual([
      { point: 'west', reason: 'default boundary group centre: no boundary contains 192.0.2.1' },
    ]);
    await content.ask('DELETE', '/boundary-groups/centre');
    await until(async () =>
      locate('192.0.2.1').then(
        () => false,
        (error: { code: string }) => error.code === 'content.no-near-point',
      ),
    );
    expect(await content.ask('GET', '/packages/near/sources?address=nonsense')).toMatchObject({ status: 400 });
  });

  it('bring nothing new to a point in maintenance, and everything when it is over', async () => {
    await content.applyPoint('west', undefined, { maintenance: true });
    await content.upload('patient', { a: randomBytes(3000) });
    await content.apply('Distribution', 'distributions', 'patient', { package: 'patient', points: ['west', 'south'] });
    await until(async () => (await states('patient')).includes('south 1 available'));
    expect(await states('patient')).toContain('west 1 pending');
    const waiting = (await content.progress('patient')).find(({ point }) => point === 'west');
    expect(waiting?.waitsFor).toBe('the point is in maintenance');
    await content.applyPoint('west');
    await until(async () => (await states('patient')).includes('west 1 available'));
  });
});
