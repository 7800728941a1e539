import type { ExportResponse, ImportResponse } from '@muster/contracts/kinds/sequence-exchange.js';
import type { Problem } from '@muster/contracts/problem.js';
import { sealedReference } from '@muster/sequence/edit/sealed-reference.js';
import { sealedPlaces } from '@muster/sequence/edit/sealed-secrets.js';
import { secretValues, withValues } from '@muster/sequence/edit/strip-secrets.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { fromMessage } from '@muster/service/resources/grpc.js';
import type { ProtobufStruct } from '@muster/service/resources/protobuf-json.js';
import { until } from '@muster/testing/until.js';
import * as fc from 'fast-check';
import { nodes } from '../../../test/conformance/random-nodes.js';
import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;

beforeAll(async () => {
  catalog = await CatalogUnderTest.start();
});

afterAll(async () => {
  await catalog?.stop();
});

const exported = (names: string[], more: object = {}) =>
  catalog.call<ExportResponse>('POST', '/api/v1/task-sequences/-/export', { names, ...more });
const imported = <Body = ImportResponse>(sequences: object[], more: object = {}, query = '') =>
  catalog.call<Body>('POST', `/api/v1/task-sequences/-/import${query}`, { sequences, ...more });
const document = (name: string, steps: unknown[], spec: object = {}) => ({
  apiVersion: 'muster/v1',
  kind: 'TaskSequence',
  metadata: { name, folder: '/Imported', labels: { team: 'infra' }, displayName: `The ${name}` },
  spec: { ...spec, steps },
});
const join = (password: string) => ({
  step: 'Join',
  type: 'JoinDomain',
  settings: { kind: 'domain', domain: 'example.org', account: 'E\\joe', password },
});
const outcomes = (answer: { body: ImportResponse }) => answer.body.sequences.map(({ outcome }) => outcome);
const count = async () =>
  (await catalog.database.query<{ n: number }>('select count(*)::int as n from task_sequence'))[0]!.n;

describe('over gRPC', () => {
  const call = <Reply>(method: string, request: object) =>
    catalog.grpc<Reply>('TaskSequenceAuthoringService', method, request);

  it('says the same as over REST, and takes what it gave', async () => {
    await catalog.save('rpc-child', [runs('true'), join('s3cret')], '?comment=CHG-3');
    await catalog.save('rpc-top', [{ sequence: 'rpc-child' }, { sequence: 'rpc-gone', disabled: true }]);
    const { body } = await exported(['rpc-top']);
    const given = await call<{ sequences: { document: { spec: ProtobufStruct } }[] }>('Export', { names: ['rpc-top'] });
    // Empty lists are not on the wire.
    const read = given.sequences.map((one) => ({ secrets: [], ...one, document: fromMessage(one.document) }));
    expect({ packages: [], ...given, sequences: read }).toEqual(body);
    for (const name of ['rpc-top', 'rpc-child']) await catalog.call('DELETE', `/api/v1/task-sequences/${name}`);
    const wanted = given.sequences.map(({ document }) => ({ document }));
    await expect(call('Import', { sequences: wanted })).rejects.toThrow('1 secret is missing');
    const place = '/spec/steps/1/settings/password';
    const secrets = [{ ...wanted[0], secrets: { [place]: 'again' } }, ...wanted.slice(1)];
    const shown = await call<ImportResponse>('Import', { sequences: secrets, dryRun: true });
    expect(shown.sequences.map(({ outcome }) => outcome)).toEqual(['created', 'created']);
    expect((await exported(['rpc-top'])).status).toBe(404);
    const done = await call<ImportResponse>('Import', { sequences: secrets });
    expect(done.sequences).toEqual([
      {
        name: 'rpc-child',
        outcome: 'created',
        secrets: [{ path: place, state: 'given' }],
        suspended: false,
        revision: 1,
      },
      { name: 'rpc-top', outcome: 'created', suspended: false, revision: 1 },
    ]);
    const repeated = await call<ImportResponse>('Import', { sequences: wanted });
    expect(repeated.sequences.map(({ outcome }) => outcome)).toEqual(['unchanged', 'unchanged']);
  });

  it('refuses what REST refuses', async () => {
    await expect(call('Export', {})).rejects.toThrow('The request is not valid');
    await expect(call('Import', { sequences: [{ onDuplicate: 'replace' }] })).rejects.toThrow('onDuplicate');
  });
});

describe('exporting', () => {
  it('follows child sequences and names packages, without a secret and without what is of this site', async () => {
    await catalog.save('ex-leaf', [runs('true'), { sequence: 'ex-gone', disabled: true }]);
    await catalog.save('ex-child', [{ sequence: 'ex-leaf' }, join('s3cret')]);
    const install = { step: 'I', type: 'InstallPackage', settings: { package: 'tool', program: 'setup' } };
    await catalog.save('ex-top', [{ group: 'G', steps: [{ sequence: 'ex-child' }] }, install], '?comment=CHG-1');
    const { status, body } = await exported(['ex-top']);
    expect(status).toBe(200);
    expect(body.sequences.map(({ document }) => document.metadata)).toEqual([
      { name: 'ex-child' },
      { name: 'ex-leaf' },
      { name: 'ex-top' },
    ]);
    expect(body).toMatchObject({ packages: ['tool'], missing: ['ex-gone'] });
    expect(body.sequences[0]?.secrets).toEqual(['/spec/steps/1/settings/password']);
    expect(body.sequences[2]?.comment).toBe('CHG-1');
    // A digest of the whole document would let anybody try out PINs.
    expect(JSON.stringify(body)).not.toContain('sha256:');
    expect(JSON.stringify(body)).not.toContain('s3cret');
    expect((await exported(['ex-top'])).body).toEqual(body);
    expect((await exported(['ex-top'], { withDependencies: false })).body.sequences).toHaveLength(1);
  });

  it('refuses names that there are not, naming all of them', async () => {
    const { status, body } = await catalog.call<Problem>('POST', '/api/v1/task-sequences/-/export', {
      names: ['ex-leaf', 'nope', 'neither'],
    });
    expect([status, body.code]).toEqual([404, 'exchange.not-found']);
    expect(body.detail).toContain('"nope", "neither"');
  });
});

describe('importing', () => {
  it('saves children and parents of one archive in any order, with folder, labels and comment, and repeats as nothing', async () => {
    const sequences = [
      { document: document('im-top', [{ sequence: 'im-child' }]), comment: 'CHG-2' },
      { document: document('im-child', [runs('true')]) },
    ];
    expect(outcomes(await imported(sequences))).toEqual(['created', 'created']);
    const { body } = await catalog.call<{ metadata: object }>('GET', '/api/v1/task-sequences/im-top');
    expect(body.metadata).toMatchObject({ folder: '/Imported', labels: { team: 'infra' }, displayName: 'The im-top' });
    const revisions = await catalog.call<{ items: { comment?: string }[] }>(
      'GET',
      '/api/v1/task-sequences/im-top/revisions',
    );
    expect(revisions.body.items.map(({ comment }) => comment)).toEqual(['CHG-2']);
    expect(outcomes(await imported(sequences))).toEqual(['unchanged', 'unchanged']);
    expect(outcomes(await imported(sequences.map((one) => ({ ...one, onDuplicate: 'overwrite' }))))).toEqual([
      'unchanged',
      'unchanged',
    ]);
  });

  it('leaves or replaces what is there with other content, as it is told', async () => {
    await catalog.save('dup', [runs('old')]);
    const wanted = { document: document('dup', [runs('new')]) };
    expect(outcomes(await imported([wanted]))).toEqual(['ignored']);
    expect(outcomes(await imported([{ ...wanted, onDuplicate: 'overwrite' }], {}, '?dryRun=true'))).toEqual([
      'overwritten',
    ]);
    expect(JSON.stringify((await exported(['dup'])).body)).toContain('old');
    const done = await imported([{ ...wanted, onDuplicate: 'overwrite' }]);
    expect(done.body.sequences[0]).toMatchObject({ outcome: 'overwritten', revision: 2 });
  });

  it('asks for secrets: refuses with a list, takes them, or saves the sequence suspended', async () => {
    const place = '/spec/steps/0/settings/password';
    const wanted = { document: document('secret', [join('%StrippedSecret%')]) };
    const refused = await imported<Problem>([wanted, { document: document('beside', [runs('true')]) }]);
    expect([refused.status, refused.body.code]).toEqual([400, 'exchange.secret-missing']);
    expect(refused.body.findings?.map(({ path }) => path)).toEqual([`/sequences/0/document${place}`]);
    expect((await catalog.call('GET', '/api/v1/task-sequences/beside')).status).toBe(404);
    const dry = await imported([wanted], {}, '?dryRun=true');
    expect(dry.body.sequences[0]?.secrets).toEqual([{ path: place, state: 'missing' }]);
    const unknown = await imported<Problem>([{ ...wanted, secrets: { '/spec/nowhere': 'x' } }]);
    expect([unknown.status, unknown.body.code]).toEqual([400, 'exchange.unknown-secret']);

    expect((await imported([wanted], { withoutSecrets: true })).body.sequences[0]).toMatchObject({ suspended: true });
    const given = await imported([{ ...wanted, onDuplicate: 'overwrite', secrets: { [place]: 's3cret' } }]);
    expect(given.body.sequences[0]).toMatchObject({ outcome: 'overwritten', suspended: false });
    expect(JSON.stringify(given.body)).not.toContain('s3cret');
    const { body } = await catalog.call<{ spec: { steps: { settings: { password: string } }[] } }>(
      'GET',
      '/api/v1/task-sequences/secret',
    );
    const reference = body.spec.steps[0]?.settings.password;
    expect(body.spec).toEqual({ steps: [join(String(reference))] });
    expect(await catalog.opened(reference)).toBe('s3cret');
  });

  it('refuses all when one is wrong: a circle in the archive, a missing child, a missing package, a name twice, a bad document', async () => {
    const before = await count();
    const good = { document: document('good', [runs('true')]) };
    const install = { step: 'I', type: 'InstallPackage', settings: { package: 'nothing-here', program: 'x' } };
    const circle = [
      { document: document('c-a', [{ sequence: 'c-b' }]) },
      { document: document('c-b', [{ sequence: 'c-a' }]) },
    ];
    const codes = async (sequences: object[]) => {
      const { body } = await imported<Problem>(sequences);
      return [body.code, ...new Set(body.findings?.map(({ code }) => code))];
    };
    expect(await codes([good, ...circle])).toEqual(['exchange.unresolved', 'sequence.cycle']);
    expect(await codes([good, { document: document('m', [{ sequence: 'absent' }]) }])).toEqual([
      'exchange.unresolved',
      'sequence.unresolved-reference',
    ]);
    expect(await codes([good, { document: document('p', [install]) }])).toEqual([
      'exchange.unresolved',
      'sequence.unresolved-reference',
    ]);
    expect(await codes([good, good])).toEqual(['exchange.duplicate-name']);
    expect(await codes([good, { document: document('bad', [{ step: 'x', type: 'Nope' }]) }])).toEqual([
      'document.invalid',
      'sequence.unknown-step-type',
    ]);
    const bad = (name: string) => ({ document: document(name, [{ step: 'x', type: 'Nope' }]) });
    const several = await imported<Problem>([bad('one'), good, bad('two')]);
    expect(several.body.detail).toContain('2 of 3 documents are not valid');
    expect(several.body.findings?.map(({ path }) => path)).toEqual([
      '/sequences/0/document/spec/steps/0/type',
      '/sequences/2/document/spec/steps/0/type',
    ]);
    const dry = await imported(
      [{ document: document('p', [install]) }],
      { packages: ['nothing-here'] },
      '?dryRun=true',
    );
    expect(dry.body.sequences[0]?.findings).toEqual([]);
    expect(await count()).toBe(before);
  });

  it('leaves nothing when the database fails in the middle, and a repetition does all of it', async () => {
    const sequences = ['t-1', 't-2', 't-3'].map((name) => ({ document: document(name, [runs(name)]) }));
    const before = await count();
    await catalog.database.query(`create function refuse_t3() returns trigger language plpgsql as
      $$ begin if new.name = 't-3' then raise exception 'the disk is full'; end if; return new; end $$`);
    await catalog.database.query(
      'create trigger refuse_t3 before insert on task_sequence for each row execute function refuse_t3()',
    );
    expect((await imported<Problem>(sequences)).status).toBe(500);
    expect(await count()).toBe(before);
    await catalog.database.query('drop trigger refuse_t3 on task_sequence');
    expect(outcomes(await imported(sequences))).toEqual(['created', 'created', 'created']);
  });

  it('leaves nothing when its connection is cut while half of it is written', async () => {
    const sequences = ['cut-1', 'cut-2', 'cut-3'].map((name) => ({ document: document(name, [runs(name)]) }));
    const before = await count();
    let work: Promise<{ status: number }> | undefined;
    const holder = catalog.database.transaction(async (tx) => {
      // Somebody makes a sequence of the second name and does not say yet whether it stays: the import waits in the middle.
      await tx.query(
        `insert into task_sequence (uid, name, resource_version, generation, spec, status)
         values (gen_random_uuid(), 'cut-2', 1, 1, '{"steps": []}', '{}')`,
      );
      work = imported<Problem>(sequences);
      const waiting = `select pid from pg_stat_activity where wait_event_type = 'Lock' and query like 'insert into task_sequence%'`;
      await until(async () => (await catalog.database.query(waiting)).length > 0);
      await catalog.database.query(`select pg_terminate_backend(pid) from (${waiting}) as cut`);
      await work;
      throw new Error('rolled back');
    });
    await expect(holder).rejects.toThrow('rolled back');
    expect((await work)?.status).toBeGreaterThanOrEqual(500);
    expect(await count()).toBe(before);
    expect(outcomes(await imported(sequences))).toEqual(['created', 'created', 'created']);
  });

  it('makes each sequence once when the same archive is imported many times at once', async () => {
    const sequences = Array.from({ length: 20 }, (_, n) => ({ document: document(`many-${n}`, [runs('true')]) }));
    const answers = await Promise.all(Array.from({ length: 6 }, () => imported(sequences)));
    const made = answers.flatMap(outcomes).filter((outcome) => outcome === 'created');
    expect(answers.map(({ status }) => status)).toEqual(Array(6).fill(200));
    expect(made).toHaveLength(20);
  });
});

/** The specification with the references that `stored` has in the places of secrets. */
function sealedLike(spec: SequenceSpec, stored: SequenceSpec): SequenceSpec {
  const references = [...sealedPlaces(stored)].map(([place, name]) => [place, sealedReference(name)] as const);
  return withValues(spec, new Map(references));
}

describe('a round trip', () => {
  it('is identity but for secrets, and for those too when they are given, for any sequences', async () => {
    await catalog.save('rt-child', [runs('true')]);
    const tree = fc.tuple(nodes(['rt-child'], 4, 5), fc.string({ minLength: 1, maxLength: 20 }), fc.boolean());
    const ok = (spec: SequenceSpec) => validateSequence(spec).every(({ severity }) => severity === 'warning');
    const specs = tree
      .map(([steps, password, enabled]) => ({ enabled, steps: [...steps, join(password)] }) as SequenceSpec)
      .filter(ok);
    await fc.assert(
      fc.asyncProperty(specs, async (spec) => {
        expect(outcomes(await imported([{ document: document('rt', spec.steps, { enabled: spec.enabled }) }]))).toEqual(
          ['created'],
        );
        const stored = (await catalog.call<{ spec: SequenceSpec }>('GET', '/api/v1/task-sequences/rt')).body.spec;
        expect(stored).toEqual(sealedLike(spec, stored));
        const first = (await exported(['rt'], { withDependencies: false })).body;
        await catalog.call('DELETE', '/api/v1/task-sequences/rt');
        const values = secretValues(spec);
        const [one] = first.sequences;
        const secrets = Object.fromEntries((one?.secrets ?? []).map((place) => [place, String(values.get(place))]));
        expect(outcomes(await imported([{ document: one?.document, secrets }]))).toEqual(['created']);
        expect((await exported(['rt'], { withDependencies: false })).body).toEqual(first);
        const again = (await catalog.call<{ spec: SequenceSpec }>('GET', '/api/v1/task-sequences/rt')).body.spec;
        expect(again).toEqual(sealedLike(spec, again));
        for (const [place, name] of sealedPlaces(again))
          expect([place, await catalog.opened(name)]).toEqual([place, String(values.get(place))]);
        expect(outcomes(await imported([{ document: one?.document }]))).toEqual(['unchanged']);
        await catalog.call('DELETE', '/api/v1/task-sequences/rt');
      }),
      { numRuns: 60 },
    );
  });
});

describe('a sequence of 10,000 steps', () => {
  it('is exported and imported again', async () => {
    const steps = Array.from({ length: 10_000 }, (_, n) => runs(`echo ${n}`));
    expect(outcomes(await imported([{ document: document('long', steps) }]))).toEqual(['created']);
    const { body } = await exported(['long']);
    expect(body.sequences[0]?.document.spec).toEqual({ steps });
    expect(outcomes(await imported([{ document: body.sequences[0]?.document }]))).toEqual(['unchanged']);
  });
});
