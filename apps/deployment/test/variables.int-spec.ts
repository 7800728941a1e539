import { generateKeyPairSync, type KeyObject } from 'node:crypto';
import { variablesChanged, type VariableOwner } from '@muster/contracts/events/variables-changed.js';
import type { DeviceVariable } from '@muster/contracts/kinds/variables.js';
import { sameJson } from '@muster/contracts/digest.js';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { sealingKeySchema, type SealingKey } from '@muster/contracts/sealing.js';
import { unseal } from '@muster/service/sealing/seal.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { document } from './api.js';
import { openWorld, type Collection, type Device, type World } from './world.js';

const SECRET = 'correct-horse-battery';

interface Told {
  owner: VariableOwner;
  priority: number;
  variables: { name: string; value?: string; sealed?: string }[];
}

describe('variables of devices and collections', () => {
  let servers: TestServers;
  let world: World;
  let { api, sql } = {} as World;
  let privateKey: KeyObject;
  let key: SealingKey;
  const answers: unknown[] = [];

  beforeAll(async () => {
    servers = await startServers();
    world = await openWorld(servers);
    ({ api, sql } = world);
    const pair = generateKeyPairSync('x25519');
    ({ privateKey } = pair);
    const { kty, crv, x } = pair.publicKey.export({ format: 'jwk' });
    key = sealingKeySchema.parse({ kty, crv, x });
  });

  afterAll(async () => {
    await world?.close();
    await servers?.stop();
  });

  const put = async (kind: 'Collection' | 'Device', name: string, spec: object) => {
    const path = `${kind.toLowerCase()}s/${name}`;
    const answer = await api.call<Collection & Device>('PUT', path, document(kind, name, spec));
    answers.push(answer.body);
    return answer;
  };
  const facts = async (name: string): Promise<Told[]> =>
    (
      await sql.query<{ payload: Told }>(
        `select payload from outbox where subject = $1 and payload -> 'owner' ->> 'name' = $2 order by sequence`,
        [variablesChanged.subject({ site: 'S01' }), name],
      )
    ).rows.map(({ payload }) => payload);
  const opened = async (told: Told | undefined, name: string) =>
    unseal(told?.variables.find((one) => one.name === name)?.sealed ?? '', privateKey);
  const hiddenOf = ({ spec }: { spec: { variables?: DeviceVariable[] | undefined } }, name: string) =>
    spec.variables?.find((one) => one.name === name);

  it('are refused with a reason while nobody can say to whom a hidden value is sealed, and nothing is kept', async () => {
    const spec = { variables: [{ name: 'Token', hidden: true, value: SECRET }] };
    const { status, body } = await put('Device', 'early', spec);
    expect([status, body]).toEqual([503, expect.objectContaining({ code: 'bus.no-answer' })]);
    expect((await api.call('GET', 'devices/early')).status).toBe(404);
    world.policy.bus.answer(
      readSealingKey,
      async () => ({ key }),
      () => undefined,
    );
    world.policy.bus.answer(
      compareSecrets,
      async ({ pairs }) => {
        const same = pairs.map(async ([one, other]) =>
          sameJson(await unseal(one.sealed, privateKey), await unseal(other.sealed, privateKey)),
        );
        return { same: await Promise.all(same) };
      },
      () => undefined,
    );
    await until(async () => (await put('Device', 'early', spec)).status === 201);
  });

  it('tell policy of every change once: visible values as they are, hidden ones sealed for their place', async () => {
    const variables = [
      { name: ' Ring ', value: 'pilot' },
      { name: 'Token', hidden: true, value: SECRET },
    ];
    const { body: made } = await put('Collection', 'lab', { rules: [], variables, variablesPriority: 7 });
    expect(made.spec.variables).toEqual([
      { name: 'Ring', value: 'pilot' },
      { name: 'Token', hidden: true, setAt: expect.any(String) },
    ]);
    const [told, ...more] = await facts('lab');
    expect(more).toEqual([]);
    expect(told).toMatchObject({
      owner: { kind: 'Collection', uid: made.metadata.uid, name: 'lab' },
      priority: 7,
      variables: [{ name: 'Ring', value: 'pilot' }, { name: 'Token' }],
    });
    expect(await opened(told, 'Token')).toEqual({ for: 'Collection/lab/token', value: SECRET });

    // What does not touch variables is not told again.
    await put('Collection', 'lab', { ...made.spec, description: 'new' });
    expect(await facts('lab')).toHaveLength(1);
    await put('Collection', 'lab', { ...made.spec, variablesPriority: 8 });
    expect((await facts('lab')).map(({ priority }) => priority)).toEqual([7, 8]);
  });

  it('keep a hidden value for which none is sent, and become another document with another value', async () => {
    const hidden = { name: 'Token', hidden: true };
    const { body: first } = await put('Device', 'web-1', { variables: [{ ...hidden, value: SECRET }] });
    const { body: same } = await put('Device', 'web-1', { variables: [hidden] });
    expect(same.metadata.resourceVersion).toBe(first.metadata.resourceVersion);
    const { body: second } = await put('Device', 'web-1', { variables: [{ ...hidden, value: `${SECRET}-2` }] });
    expect(second.metadata.generation).toBe(first.metadata.generation + 1);
    expect(hiddenOf(second, 'Token')?.setAt).not.toBe(hiddenOf(first, 'Token')?.setAt);
    // The document as it was written, value and all, is the document that there is.
    const written = { variables: [{ name: 'TOKEN', hidden: true, value: `${SECRET}-2` }] };
    const { body: repeated } = await put('Device', 'web-1', written);
    expect(hiddenOf(repeated, 'TOKEN')?.setAt).toBe(hiddenOf(second, 'Token')?.setAt);
    expect((await put('Device', 'web-1', written)).body.metadata).toEqual(repeated.metadata);
    const { body: third } = await put('Device', 'web-1', { ...second.spec, description: 'edited as it was read' });
    expect(third.spec.variables).toEqual(second.spec.variables);
    const told = (await facts('web-1')).at(-1);
    expect(await opened(told, 'Token')).toEqual({ for: 'Device/web-1/token', value: `${SECRET}-2` });
  });

  it('miss the first value of a hidden one with a finding, and take none back that was deleted', async () => {
    const spec = {
      variables: [
        { name: 'Ring', value: 'a' },
        { name: 'Token', hidden: true },
      ],
    };
    const { status, body } = await put('Device', 'web-2', spec);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        code: 'variable.value-missing',
        findings: [expect.objectContaining({ path: '/spec/variables/1/value' })],
      }),
    ]);
    await put('Device', 'web-2', { variables: [{ name: 'Token', hidden: true, value: SECRET }] });
    await put('Device', 'web-2', { variables: [] });
    expect((await facts('web-2')).at(-1)?.variables).toEqual([]);
    expect((await put('Device', 'web-2', spec)).status).toBe(400);
  });

  it('change nothing in a dry run', async () => {
    const spec = { variables: [{ name: 'Token', hidden: true, value: SECRET }] };
    const { status } = await api.call('PUT', 'devices/dry?dryRun=true', document('Device', 'dry', spec));
    expect([status, await facts('dry')]).toEqual([201, []]);
  });

  it('cannot be put on a built-in collection', async () => {
    const spec = { description: 'Every device of the site', rules: [{ allDevices: true }] };
    const variables = [{ name: 'Ring', value: 'all' }];
    expect((await put('Collection', 'all-devices', { ...spec, variables })).body).toMatchObject({
      code: 'deployment.built-in',
    });
  });

  it('of a record that waits go over to the device that enrols under its name', async () => {
    await put('Device', 'waiting', {
      variables: [
        { name: 'Ring', value: 'pilot' },
        { name: 'Token', hidden: true, value: SECRET },
      ],
    });
    const uid = await world.enrol('waiting');
    await until(async () => (await facts('waiting')).some(({ owner }) => owner.uid === uid));
    const told = (await facts('waiting')).at(-1);
    expect(told).toMatchObject({ owner: { uid, name: 'waiting' }, variables: [{ value: 'pilot' }, { name: 'Token' }] });
    expect(await opened(told, 'Token')).toEqual({ for: 'Device/waiting/token', value: SECRET });
  });

  it('go with their owner', async () => {
    const { body: made } = await put('Collection', 'gone', {
      rules: [],
      variables: [{ name: 'Token', hidden: true, value: SECRET }],
    });
    await api.call('DELETE', 'collections/gone');
    const { rows } = await sql.query('select 1 from sealed_variable where owner_uid = $1', [made.metadata.uid]);
    expect(rows).toEqual([]);
  });

  it('are refused when all together would not fit into a message', async () => {
    const variables = Array.from({ length: 280 }, (_, index) => ({ name: `V${index}`, value: 'x'.repeat(4000) }));
    expect((await put('Device', 'large', { variables })).body).toMatchObject({ code: 'variable.too-many-characters' });
  });

  it('leave no trace of a hidden value: not in answers, nor a watch, nor any table, nor the digest of a request', async () => {
    const headers = { 'Idempotency-Key': 'once' };
    const spec = { variables: [{ name: 'Token', hidden: true, value: SECRET }] };
    answers.push((await api.call('POST', 'devices', document('Device', 'posted', spec), headers)).body);
    answers.push((await api.call('POST', 'devices', document('Device', 'posted', spec), headers)).body);
    answers.push(await api.list('devices'), await api.list('collections'), await api.get('devices/web-1'));
    const refused = [{ name: 'bad name', hidden: true, value: SECRET }];
    answers.push((await put('Device', 'posted', { variables: refused })).body);
    answers.push(await api.watch('devices?watch=true&name=web-1', (seen) => seen.length > 0));
    expect(JSON.stringify(answers)).toContain('"setAt"');
    expect(JSON.stringify(answers)).not.toContain(SECRET);

    const dump = await servers.dump('deployment');
    for (const table of ['outbox', 'idempotency_key', 'sealed_variable'])
      expect(dump).toContain(`deployment.${table} (`);
    expect(dump).not.toContain(SECRET);
  });
});
