import type { Revision, RevisionDifference, RevisionList } from '@muster/contracts/kinds/sequence-revision.js';
import {
  revisionDifferenceSchema,
  revisionListSchema,
  revisionSchema,
  SEQUENCE_PATCH_MEDIA_TYPE,
  sequenceConflictSchema,
} from '@muster/contracts/kinds/sequence-revision.js';
import type { Problem } from '@muster/contracts/problem.js';
import { fromMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { fromStruct, type ProtobufStruct, toStruct } from '@muster/service/resources/protobuf-json.js';
import { CatalogUnderTest, runs, type SavedSequence } from '../test/catalog-under-test.js';

describe('authoring', () => {
  let catalog: CatalogUnderTest;
  beforeAll(async () => {
    catalog = await CatalogUnderTest.start();
  });
  afterAll(async () => catalog?.stop());

  const address = (name: string, rest = '') => `/api/v1/task-sequences/${name}${rest}`;
  const read = async (name: string) => (await catalog.call<SavedSequence>('GET', address(name))).body;
  const revisions = async (name: string, query = '') =>
    (await catalog.call<RevisionList>('GET', address(name, `/revisions${query}`))).body;
  const patch = (name: string, operations: unknown[], query = '', headers: Record<string, string> = {}) =>
    catalog.call<SavedSequence & Problem>(
      'PATCH',
      address(name, query),
      { operations },
      {
        'content-type': SEQUENCE_PATCH_MEDIA_TYPE,
        ...headers,
      },
    );

  describe('revisions', () => {
    it('are kept of every save that changed something, with author, time, comment and digest, newest first', async () => {
      await catalog.save('kept', [runs('a')], '?comment=First%20%E2%9C%93');
      await catalog.save('kept', [runs('a')], '?comment=Nothing%20new');
      const second = await catalog.save('kept', [runs('b')]);
      const list = await revisions('kept');
      expect(revisionListSchema.parse(list)).toEqual(list);
      expect(list.items.map(({ revision, comment }) => [revision, comment])).toEqual([
        [2, undefined],
        [1, 'First ✓'],
      ]);
      expect(list.items[0]).toMatchObject({ sequence: 'kept', digest: second.body.status.digest, author: 'test' });
      const one = await catalog.call<Revision>('GET', address('kept', '/revisions/1'));
      expect(revisionSchema.parse(one.body)).toEqual({ ...list.items[1], spec: { steps: [runs('a')] } });
    });

    it('are paged by key', async () => {
      for (let count = 0; count < 5; count++) await catalog.save('paged', [runs(`${count}`)]);
      const first = await revisions('paged', '?limit=2');
      const second = await revisions('paged', `?limit=2&continue=${first.metadata.continue}`);
      const third = await revisions('paged', `?limit=2&continue=${second.metadata.continue}`);
      expect([first, second, third].map(({ items }) => items.map(({ revision }) => revision))).toEqual([
        [5, 4],
        [3, 2],
        [1],
      ]);
      expect(third.metadata).toEqual({});
    });

    it('are compared by node, with any other or the newest, and no secret is shown', async () => {
      const joins = (password: string) => ({
        step: 'Join',
        type: 'JoinDomain',
        settings: { kind: 'domain', domain: 'example.org', account: 'EXAMPLE\\joe', password },
      });
      await catalog.save('compared', [{ group: 'G', steps: [runs('a'), joins('secret-1')] }]);
      await catalog.save('compared', [{ group: 'G', steps: [joins('secret-2')] }, runs('a')]);
      await catalog.save('compared', [{ group: 'G', steps: [joins('secret-2')] }]);
      const newest = await catalog.call<RevisionDifference>('GET', address('compared', '/revisions/1/difference'));
      expect(revisionDifferenceSchema.parse(newest.body)).toEqual(newest.body);
      expect(newest.body).toMatchObject({ sequence: 'compared', from: 1, to: 3 });
      const other = await catalog.call<RevisionDifference>(
        'GET',
        address('compared', '/revisions/1/difference?with=2'),
      );
      expect(other.body.lines).toEqual([
        '~ G/Join',
        '    settings.password: changed (secret)',
        '> run a  (moved, was G/run a)',
      ]);
      expect(JSON.stringify([newest.body, other.body])).not.toContain('secret-');
    });

    it('come back as a new revision that says so, with the metadata of now, and once only', async () => {
      await catalog.save('restored', [runs('old')]);
      await catalog.save('restored', [runs('new')]);
      const answer = await catalog.call<SavedSequence>(
        'POST',
        address('restored', '/revisions/1/restore?comment=oops'),
      );
      expect(answer).toMatchObject({ status: 200, body: { spec: { steps: [runs('old')] }, status: { revision: 3 } } });
      expect(answer.headers.get('etag')).toBe(`"${answer.body.metadata.resourceVersion}"`);
      const [newest, , first] = (await revisions('restored')).items;
      expect([newest?.comment, newest?.digest]).toEqual(['Restored revision 1: oops', first?.digest]);
      const again = await catalog.call<SavedSequence>('POST', address('restored', '/revisions/1/restore'));
      expect(again.body.status.revision).toBe(3);
      const dry = await catalog.call<SavedSequence>('POST', address('restored', '/revisions/2/restore?dryRun=true'));
      expect([dry.body.status.revision, (await read('restored')).status.revision]).toEqual([4, 3]);
    });

    it('come back only when If-Match and references allow it', async () => {
      const installs = { step: 'i', type: 'InstallPackage', settings: { package: 'tool', program: 'p' } };
      const first = await catalog.save('careful', [installs]);
      await catalog.save('careful', [runs('x')]);
      const stale = await catalog.call<Problem>('POST', address('careful', '/revisions/1/restore'), undefined, {
        'if-match': first.headers.get('etag') ?? '',
      });
      expect(stale).toMatchObject({ status: 409, body: { code: 'resource.stale-version', conflict: { seen: 1 } } });
      // The package of the old revision is gone by now.
      await catalog.database.query(
        `update sequence_revision set spec = jsonb_set(spec, '{steps,0,settings,package}', '"nothing-more"')
         where name = 'careful' and revision = 1`,
      );
      const dangling = await catalog.call<Problem>('POST', address('careful', '/revisions/1/restore'));
      expect(dangling).toMatchObject({ status: 400, body: { code: 'sequence.unresolved-reference' } });
      await catalog.database.query(
        `update sequence_revision set spec = '{"steps":[{"step":"x","type":"Nonsense"}]}' where name = 'careful' and revision = 1`,
      );
      const invalid = await catalog.call<Problem>('POST', address('careful', '/revisions/1/restore'));
      expect(invalid).toMatchObject({ status: 400, body: { code: 'document.invalid' } });
      expect((await read('careful')).status.revision).toBe(2);
    });

    it.each([
      ['of no sequence', '/api/v1/task-sequences/nobody/revisions', 404, 'resource.not-found'],
      ['that there is not', '/api/v1/task-sequences/kept/revisions/99', 404, 'revision.not-found'],
      ['with a number that is none', '/api/v1/task-sequences/kept/revisions/x', 400, 'document.invalid'],
      [
        'compared with one that there is not',
        '/api/v1/task-sequences/kept/revisions/1/difference?with=9',
        404,
        'revision.not-found',
      ],
      ['by a made-up token', '/api/v1/task-sequences/kept/revisions?continue=WyJ4Il0', 400, 'request.bad-continue'],
      ['by a broken token', '/api/v1/task-sequences/kept/revisions?continue=x', 400, 'request.bad-continue'],
    ])('%s are refused', async (_what, path, status, code) => {
      expect(await catalog.call('GET', path)).toMatchObject({ status, body: { code } });
    });

    it('say over gRPC the same as over REST', async () => {
      const call = <Reply>(method: string, request: object) =>
        catalog.grpc<Reply>('TaskSequenceAuthoringService', method, request);
      await catalog.grpc('TaskSequenceService', 'Apply', {
        resource: {
          apiVersion: 'muster/v1',
          kind: 'TaskSequence',
          metadata: { name: 'grpc' },
          spec: toStruct({ steps: [runs('a')] }),
        },
        comment: 'over gRPC',
      });
      await catalog.save('grpc', [runs('b')]);
      const list = await revisions('grpc');
      expect(list.items[1]?.comment).toBe('over gRPC');
      expect(await call('ListRevisions', { name: 'grpc' })).toEqual({ metadata: {}, items: list.items });
      const one = await call<{ spec: ProtobufStruct }>('GetRevision', { name: 'grpc', revision: 1 });
      expect({ ...one, spec: fromStruct(one.spec) }).toEqual(
        (await catalog.call('GET', address('grpc', '/revisions/1'))).body,
      );
      const difference = await call<{ difference: ProtobufStruct }>('CompareRevisions', { name: 'grpc', revision: 1 });
      expect({ ...difference, difference: fromStruct(difference.difference) }).toEqual(
        (await catalog.call('GET', address('grpc', '/revisions/1/difference'))).body,
      );
      await call('RestoreRevision', { name: 'grpc', revision: 1, comment: 'back' });
      const patched = await call<ResourceMessage>('Patch', {
        name: 'grpc',
        patch: toStruct({ operations: [{ op: 'disable', path: 'run a' }] }),
      });
      expect(fromMessage(patched)).toEqual(await read('grpc'));
      expect((await revisions('grpc')).items.map(({ comment }) => comment ?? null)).toEqual([
        null,
        'Restored revision 1: back',
        null,
        'over gRPC',
      ]);
      const refused = await call('GetRevision', { name: 'grpc', revision: 9 }).catch((error: unknown) => error);
      expect(refused).toMatchObject({ code: 5 });
    });
  });

  describe('a version conflict', () => {
    it('shows both sides by node: what others changed, and what you would', async () => {
      const seen = await catalog.save('sides', [runs('a'), runs('b')]);
      await catalog.save('sides', [runs('a'), runs('b'), runs('theirs')]);
      const version = seen.body.metadata.resourceVersion;
      const headers = { 'if-match': `"${version}"` };
      const refused = await catalog.apply('sides', [runs('a'), runs('b', { disabled: true })], '', {}, headers);
      const problem = refused.body as unknown as Problem;
      expect([refused.status, problem.code]).toEqual([409, 'resource.stale-version']);
      const conflict = sequenceConflictSchema.parse(problem.conflict);
      expect([conflict.seen, conflict.current]).toEqual([1, 2]);
      expect(conflict.theirs?.added.map(({ path }) => path)).toEqual(['run theirs']);
      expect(conflict.yours?.changed.map(({ after }) => after.path)).toEqual(['run b']);
      expect(problem.current).toEqual(await read('sides'));
    });

    it('shows what it can when the version you name was never there', async () => {
      await catalog.save('unknown-side', [runs('a')]);
      const refused = await catalog.apply('unknown-side', [], '', {}, { 'if-match': '"nonsense"' });
      const conflict = sequenceConflictSchema.parse((refused.body as unknown as Problem).conflict);
      expect([conflict.seen, conflict.theirs, conflict.yours?.removed.length]).toEqual([undefined, undefined, 1]);
    });
  });

  describe('a patch by node', () => {
    it('makes all its changes as one revision', async () => {
      await catalog.save('kit', [{ group: 'Tools', steps: [runs('tool')] }]);
      await catalog.save('patched', [{ group: 'G', steps: [runs('a')] }]);
      const answer = await patch(
        'patched',
        [
          { op: 'add', node: runs('b'), after: 'G/run a' },
          { op: 'disable', path: 'G/run a' },
          { op: 'copy', path: 'Tools', sequence: 'kit', into: '' },
          { op: 'merge', path: 'G/run b', fields: { timeoutSeconds: 5 } },
        ],
        '?comment=by%20node',
      );
      expect(answer).toMatchObject({ status: 200, body: { status: { revision: 2 } } });
      expect(answer.body.spec.steps).toEqual([
        { group: 'G', steps: [runs('a', { disabled: true }), runs('b', { timeoutSeconds: 5 })] },
        { group: 'Tools', steps: [runs('tool')] },
      ]);
      expect((await revisions('patched')).items[0]?.comment).toBe('by node');
    });

    it('copies from an old revision of another sequence', async () => {
      await catalog.save('source', [runs('old')]);
      await catalog.save('source', [runs('new')]);
      await catalog.save('target', []);
      const answer = await patch('target', [
        { op: 'copy', path: 'run old', sequence: 'source', revision: 1, into: '' },
        { op: 'copy', path: 'run new', sequence: 'source', into: '' },
      ]);
      expect(answer.body.spec.steps).toEqual([runs('old'), runs('new')]);
    });

    it('is refused as a whole, with the operation, the path and what is near', async () => {
      await catalog.save('whole', [runs('a')]);
      const answer = await patch('whole', [
        { op: 'disable', path: 'run a' },
        { op: 'remove', path: 'Run A' },
      ]);
      expect(answer).toMatchObject({
        status: 400,
        body: { code: 'edit.impossible', findings: [{ path: '/operations/1/path', code: 'edit.no-such-node' }] },
      });
      expect(answer.body.detail).toContain('did you mean "run a"?');
      expect((await read('whole')).status.revision).toBe(1);
    });

    it('is refused when what it makes refers to nothing', async () => {
      await catalog.save('references', [runs('a')]);
      const answer = await patch('references', [{ op: 'add', node: { sequence: 'nobody' }, into: '' }]);
      expect(answer).toMatchObject({ status: 400, body: { code: 'sequence.unresolved-reference' } });
    });

    it('loses nothing when many change one sequence at the same moment', async () => {
      await catalog.save('busy', []);
      const answers = await Promise.all(
        ['a', 'b', 'c', 'd'].map((name) => patch('busy', [{ op: 'add', node: runs(name), into: '' }])),
      );
      expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
      const { spec, status } = await read('busy');
      expect(spec.steps.map(({ step }) => step).sort()).toEqual(['run a', 'run b', 'run c', 'run d']);
      expect(status.revision).toBe(5);
    });

    it('is done once for one Idempotency-Key, even when it could not be done again', async () => {
      await catalog.save('once', [runs('a'), runs('b')]);
      const headers = { 'idempotency-key': 'remove-a' };
      const operations = [{ op: 'remove', path: 'run a' }];
      const first = await patch('once', operations, '', headers);
      const second = await patch('once', operations, '', headers);
      expect([second.status, second.body]).toEqual([200, first.body]);
      const other = await patch('once', [{ op: 'remove', path: 'run b' }], '', headers);
      expect(other).toMatchObject({ status: 409, body: { code: 'request.idempotency-key-reused' } });
    });

    it('with a stale If-Match is refused with both sides; a dry run keeps nothing', async () => {
      const seen = await catalog.save('guarded', [runs('a')]);
      await catalog.save('guarded', [runs('a'), runs('b')]);
      const headers = { 'if-match': seen.headers.get('etag') ?? '' };
      const refused = await patch('guarded', [{ op: 'disable', path: 'run a' }], '', headers);
      expect(refused).toMatchObject({
        status: 409,
        body: { code: 'resource.stale-version', conflict: { seen: 1, theirs: { added: [{ path: 'run b' }] } } },
      });
      const dry = await patch('guarded', [{ op: 'disable', path: 'run a' }], '?dryRun=true');
      expect([dry.body.status.revision, (await read('guarded')).status.revision]).toEqual([3, 2]);
    });

    it('comes in a media type of its own, and every other is refused', async () => {
      await catalog.save('typed', [runs('a')]);
      const operations = [{ op: 'remove', path: 'run a' }];
      for (const type of ['application/json', 'application/merge-patch+json', 'application/json-patch+json']) {
        const answer = await patch('typed', operations, '', { 'content-type': type });
        expect([type, answer.status, answer.body.code]).toEqual([type, 400, 'request.media-type']);
      }
      const wrong = await patch('typed', [
        { op: 'explode', path: 'x' },
        { op: 'remove', path: 'x', why: 1 },
      ]);
      expect(wrong).toMatchObject({ status: 400, body: { code: 'document.invalid' } });
      expect(wrong.body.findings?.map(({ path }) => path)).toEqual(['/operations/0/op', '/operations/1/why']);
      expect((await patch('nobody', operations)).status).toBe(404);
    });
  });
});
