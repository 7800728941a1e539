import { CatalogUnderTest, runs, type SavedSequence } from '../test/catalog-under-test.js';

const SECRET = 'correct-horse-battery';
const joins = (password: unknown, more: object = {}) => ({
  step: 'Join',
  type: 'JoinDomain',
  settings: { kind: 'domain', domain: 'example.org', account: 'EXAMPLE\\joe', password, ...more },
});
const passwordOf = ({ spec }: SavedSequence) =>
  (spec.steps[0]?.['settings'] as { password?: string } | undefined)?.password ?? '';

describe('the secrets of steps', () => {
  let catalog: CatalogUnderTest;

  beforeAll(async () => {
    catalog = await CatalogUnderTest.start();
  });
  afterAll(async () => {
    await catalog?.stop();
  });

  it('are sealed when a sequence is saved; what is read and applied again keeps them, and makes no revision', async () => {
    const { body: made } = await catalog.save('joins', [joins(SECRET)]);
    expect(passwordOf(made)).toMatch(/^%_Secret-[A-Za-z0-9_-]{16}%$/);
    expect(await catalog.opened(passwordOf(made))).toBe(SECRET);
    const { body: again } = await catalog.save('joins', made.spec.steps as unknown[]);
    expect(again.status).toEqual(made.status);
  });

  it('that are applied again as they were written are the same ones; others are a new revision', async () => {
    const { body: first } = await catalog.save('twice', [joins(SECRET)]);
    const { body: second } = await catalog.save('twice', [joins(SECRET)]);
    expect(second.metadata).toEqual(first.metadata);
    const { body: third } = await catalog.save('twice', [joins(`${SECRET}-2`)]);
    expect(third.status.revision).toBe(2);
    expect(await catalog.opened(passwordOf(third))).toBe(`${SECRET}-2`);
  });

  it('may be copied to another sequence of the site, but only to where a secret belongs', async () => {
    const { body: made } = await catalog.save('source', [joins(SECRET)]);
    const reference = passwordOf(made);
    expect(passwordOf((await catalog.save('copied', [joins(reference)])).body)).toBe(reference);
    const shown = await catalog.apply('shows', [runs(`echo ${reference}`)]);
    expect([shown.status, shown.body]).toEqual([400, expect.objectContaining({ code: 'sequence.secret-misplaced' })]);
    const moved = await catalog.apply('shows', [joins(`x${reference}`)]);
    expect(moved.body).toMatchObject({ code: 'sequence.secret-misplaced' });
  });

  it('of another site are refused with their place', async () => {
    const { status, body } = await catalog.apply('foreign', [joins('%_Secret-abcdefghijklmnop%')]);
    expect([status, body]).toEqual([
      400,
      expect.objectContaining({
        code: 'sequence.unknown-secret',
        findings: [expect.objectContaining({ path: '/spec/steps/0/settings/password' })],
      }),
    ]);
  });

  it('are where variables with the name of a password are, and where a step says so itself', async () => {
    const set = {
      step: 'Set',
      type: 'SetTaskSequenceVariable',
      settings: { name: 'Pin', value: SECRET, secret: true },
    };
    const { body } = await catalog.save('others', [set], '', { variables: { OSDJoinPassword: SECRET, Ring: 'pilot' } });
    const spec = body.spec as unknown as {
      variables: Record<string, string>;
      steps: { settings: { value: string } }[];
    };
    expect(spec.variables['Ring']).toBe('pilot');
    expect(await catalog.opened(spec.variables['OSDJoinPassword'])).toBe(SECRET);
    expect(await catalog.opened(spec.steps[0]?.settings.value)).toBe(SECRET);
  });

  it('leave no trace in any table: not in revisions, facts, the search index, nor in the digest of a request', async () => {
    const document = {
      apiVersion: 'muster/v1',
      kind: 'TaskSequence',
      metadata: { name: 'posted' },
      spec: { steps: [joins(SECRET)] },
    };
    const headers = { 'Idempotency-Key': 'once' };
    const answers = [
      await catalog.call('POST', '/api/v1/task-sequences', document, headers),
      await catalog.call('POST', '/api/v1/task-sequences', document, headers),
      await catalog.call('GET', '/api/v1/task-sequences'),
      await catalog.call('GET', '/api/v1/task-sequences/joins/revisions/1'),
      await catalog.apply('posted', [joins(SECRET), { step: 'Bad', type: 'RunCommandLine', settings: {} }]),
    ];
    expect(answers.map(({ status }) => status)).toEqual([201, 201, 200, 200, 400]);
    expect(JSON.stringify(answers.map(({ body }) => body))).not.toContain(SECRET);
    const dump = await catalog.dump();
    expect(dump).toContain('catalog.sequence_revision (');
    expect(dump).not.toContain(SECRET);
  });
});
