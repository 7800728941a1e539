import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

let catalog: CatalogUnderTest;
beforeAll(async () => (catalog = await CatalogUnderTest.start()));
afterAll(() => catalog.stop());

const MOST = 2 * 1024 * 1024;

/** Steps that make a specification of exactly so many bytes. */
function stepsOf(bytes: number): object[] {
  const step = (command: string) => ({ step: 'long', type: 'RunCommandLine', settings: { command } });
  const steps: object[] = [];
  const size = (): number => JSON.stringify({ steps }).length;
  while (size() < bytes - 31_000) steps.push(step('x'.repeat(30_000)));
  const last = step('');
  steps.push(last);
  last.settings.command = 'y'.repeat(bytes - size());
  return steps;
}

describe('the size of a sequence', () => {
  it('may be 2 MB to the byte', async () => {
    expect((await catalog.apply('largest', stepsOf(MOST))).status).toBe(201);
  });

  it('is refused beyond, with the size that was measured, by every way to save', async () => {
    const { status, body } = await catalog.apply('larger', stepsOf(MOST + 1));
    const problem = body as unknown as { findings: { code: string; message: string }[] };
    expect([status, problem.findings]).toEqual([
      400,
      [
        expect.objectContaining({
          code: 'sequence.too-large',
          message: `the sequence has ${MOST + 1} bytes; ${MOST} are allowed`,
        }),
      ],
    ]);
    const patch = { operations: [{ op: 'add', node: runs('one more'), into: '' }] };
    const patched = await catalog.call<{ findings: { code: string }[] }>(
      'PATCH',
      '/api/v1/task-sequences/largest',
      patch,
      {
        'content-type': 'application/vnd.muster.sequence-patch+json',
      },
    );
    expect([patched.status, patched.body.findings.map(({ code }) => code)]).toEqual([400, ['sequence.too-large']]);
  });
});
