import type { EditLock } from '@muster/contracts/kinds/edit-lock.js';
import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;
let anna: Record<string, string>;
let ben: Record<string, string>;
beforeAll(async () => {
  catalog = await CatalogUnderTest.start();
  anna = { authorization: `Bearer ${await catalog.tokenOf('anna')}` };
  ben = { authorization: `Bearer ${await catalog.tokenOf('ben')}` };
});
afterAll(() => catalog.stop());

const PATCH = { 'content-type': 'application/vnd.muster.sequence-patch+json' };
const IGNORE = { 'muster-ignore-lock': 'true' };
interface Problem {
  code: string;
  detail: string;
  current?: EditLock;
}
const lockOf = (name: string): string => `/api/v1/task-sequences/${name}/lock`;

async function take(name: string, who: Record<string, string>, body: object = { machine: 'pc-1' }) {
  return catalog.call<EditLock & Problem>('PUT', lockOf(name), body, who);
}

/** Every way to change a sequence, as one person. */
async function tryAll(name: string, headers: Record<string, string>, wanted: string): Promise<(number | string)[]> {
  const answers = [
    await catalog.apply(name, [runs(wanted)], '', {}, headers),
    await catalog.call('PATCH', `/api/v1/task-sequences/${name}`, addition(wanted), { ...PATCH, ...headers }),
    await catalog.call('POST', `/api/v1/task-sequences/${name}/revisions/1/restore`, undefined, headers),
    await catalog.call('DELETE', `/api/v1/task-sequences/${name}?dryRun=true`, undefined, headers),
  ];
  return answers.map(({ status, body }) => (body as { code?: string }).code ?? status);
}

function addition(command: string): object {
  return { operations: [{ op: 'add', node: runs(`${command} too`), into: '' }] };
}

describe('the edit lock of a sequence', () => {
  it('keeps others from every kind of write, and tells them who, where and until when', async () => {
    await catalog.save('guarded', [runs('first')]);
    await catalog.save('guarded', [runs('second')]);
    const { body: lock } = await take('guarded', anna);
    expect(lock).toMatchObject({ sequence: 'guarded', holder: 'anna', machine: 'pc-1' });
    expect(Date.parse(lock.expiresAt) - Date.parse(lock.takenAt)).toBe(30 * 60_000);
    expect(await tryAll('guarded', ben, 'bens')).toEqual(Array.from({ length: 4 }, () => 'sequence.locked'));
    const refused = await catalog.apply('guarded', [runs('bens')], '', {}, ben);
    expect(refused.status).toBe(409);
    expect(refused.body).toMatchObject({ code: 'sequence.locked', current: lock });
    expect((refused.body as unknown as Problem).detail).toContain(
      `"anna" holds its edit lock on the machine "pc-1" until`,
    );
  });

  it('lets its holder write, from anywhere, and then lasts from that write on', async () => {
    const before = (await catalog.call<EditLock>('GET', lockOf('guarded'), undefined, ben)).body;
    expect(await tryAll('guarded', anna, 'annas')).toEqual([200, 200, 200, 200]);
    const after = (await catalog.call<EditLock>('GET', lockOf('guarded'), undefined, ben)).body;
    expect([Date.parse(after.expiresAt) > Date.parse(before.expiresAt), after.takenAt]).toEqual([true, before.takenAt]);
  });

  it('is advice: who says so writes all the same, over gRPC too', async () => {
    expect(await tryAll('guarded', { ...ben, ...IGNORE }, 'bens')).toEqual([200, 200, 200, 200]);
    await expect(catalog.grpc('TaskSequenceService', 'Delete', { name: 'guarded', dryRun: true })).rejects.toThrow(
      'holds its edit lock',
    );
  });

  it('does not stand in the way of what changes nothing and of reading', async () => {
    const { body } = await catalog.call<object>('GET', '/api/v1/task-sequences/guarded', undefined, ben);
    expect(body).toMatchObject({ status: { editLock: { holder: 'anna', machine: 'pc-1' } } });
    expect((await catalog.call('PUT', '/api/v1/task-sequences/guarded', body, ben)).status).toBe(200);
  });

  it('is taken by others only when it is over, and by its holder elsewhere only when that is said', async () => {
    expect((await take('guarded', ben)).body.code).toBe('sequence.locked');
    expect((await take('guarded', ben, { machine: 'pc-1', takeOver: true })).body.code).toBe('sequence.locked');
    const elsewhere = await take('guarded', anna, { machine: 'pc-2' });
    expect([elsewhere.status, elsewhere.body.detail]).toEqual([409, expect.stringContaining('on the machine "pc-1"')]);
    expect((await take('guarded', anna, { machine: 'pc-2', takeOver: true })).body.machine).toBe('pc-2');
    await catalog.database.query(`update edit_lock set expires_at = now() - interval '1 second'`);
    expect((await catalog.call<Problem>('GET', lockOf('guarded'))).body.code).toBe('sequence.not-locked');
    expect((await take('guarded', ben)).body.holder).toBe('ben');
  });

  it('leaves in the audit record who did not mind it, and whose it was', async () => {
    await catalog.save('stolen', [runs('first')]);
    const { body: lock } = await take('stolen', anna);
    await catalog.apply('stolen', [runs('refused')], '', {}, ben);
    expect((await catalog.apply('stolen', [runs('bens')], '', {}, { ...ben, ...IGNORE })).status).toBe(200);
    await take('stolen', anna, { machine: 'pc-2', takeOver: true });
    expect((await catalog.call('DELETE', lockOf('stolen'), undefined, { ...ben, ...IGNORE })).status).toBe(200);
    expect((await take('stolen', ben)).status).toBe(200);
    expect((await catalog.call('DELETE', lockOf('stolen'), undefined, ben)).status).toBe(200);
    const deeds = await catalog.database.query(
      `select actor, action, details from audit_entry where name = 'stolen' and action like 'lock-%' order by id`,
    );
    const from = (machine: string) => ({ holder: lock.holder, machine });
    expect(deeds).toEqual([
      { actor: 'ben', action: 'lock-ignored', details: from('pc-1') },
      { actor: 'anna', action: 'lock-taken-over', details: from('pc-1') },
      { actor: 'ben', action: 'lock-broken', details: from('pc-2') },
    ]);
  });

  it('survives a restart of the service', async () => {
    await catalog.restart();
    expect((await catalog.call<EditLock>('GET', lockOf('guarded'))).body.holder).toBe('ben');
    expect((await take('guarded', anna)).body.code).toBe('sequence.locked');
  });

  it('is released by its holder, by others only when they ignore it, and once', async () => {
    const release = (headers: Record<string, string>) =>
      catalog.call<Partial<Problem & EditLock>>('DELETE', lockOf('guarded'), undefined, headers);
    expect((await release(anna)).body.code).toBe('sequence.locked');
    expect((await release({ ...anna, ...IGNORE })).body.holder).toBe('ben');
    expect((await release(ben)).body.code).toBe('sequence.not-locked');
    await take('guarded', ben);
    expect((await release(ben)).status).toBe(200);
    expect(await tryAll('guarded', anna, 'annas again')).toEqual([200, 200, 200, 200]);
  });

  it('goes with its sequence', async () => {
    await catalog.save('short-lived', [runs('x')]);
    await take('short-lived', anna);
    await catalog.call('DELETE', '/api/v1/task-sequences/short-lived', undefined, anna);
    await catalog.save('short-lived', [runs('x')]);
    expect((await catalog.call<Problem>('GET', lockOf('short-lived'))).body.code).toBe('sequence.not-locked');
  });

  it('goes to one of many who want it in the same moment', async () => {
    await catalog.save('wanted', [runs('x')]);
    const answers = await Promise.all(
      Array.from({ length: 10 }, (_, index) => take('wanted', index % 2 === 0 ? anna : ben)),
    );
    const holders = new Set(answers.filter(({ status }) => status === 200).map(({ body }) => body.holder));
    expect([holders.size, answers.filter(({ status }) => status === 200).length]).toEqual([1, 5]);
  });

  it('is the same over gRPC', async () => {
    const service = 'TaskSequenceAuthoringService';
    await catalog.save('by-wire', [runs('x')]);
    await catalog.grpc(service, 'TakeLock', { name: 'by-wire', machine: 'pc-9' });
    expect(await catalog.grpc(service, 'GetLock', { name: 'by-wire' })).toMatchObject({
      holder: 'test',
      machine: 'pc-9',
    });
    await catalog.grpc(service, 'ReleaseLock', { name: 'by-wire' });
    await expect(catalog.grpc(service, 'ReleaseLock', { name: 'by-wire' })).rejects.toThrow('Nobody holds');
  });
});

describe('what is asked of locks wrongly', () => {
  it.each([
    ['PUT', lockOf('nobody'), { machine: 'pc' }, {}, 404, 'resource.not-found'],
    ['GET', lockOf('nobody'), undefined, {}, 404, 'resource.not-found'],
    ['PUT', lockOf('guarded'), {}, {}, 400, 'document.invalid'],
    ['PUT', lockOf('guarded'), { machine: '' }, {}, 400, 'document.invalid'],
    ['PUT', lockOf('guarded'), { machine: 'a\nb' }, {}, 400, 'document.invalid'],
    ['PUT', lockOf('guarded'), { machine: 'x'.repeat(300) }, {}, 400, 'document.invalid'],
    ['DELETE', lockOf('guarded'), undefined, { 'muster-ignore-lock': 'yes' }, 400, 'request.ignore-lock'],
  ])('%s %s %j %j is refused', async (method, path, body, headers, status, code) => {
    const answer = await catalog.call<Problem>(method, path, body, headers as Record<string, string>);
    expect([answer.status, answer.body.code]).toEqual([status, code]);
  });
});
