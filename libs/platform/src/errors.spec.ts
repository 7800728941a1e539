import { z } from 'zod';
import { MusterError, parseDocument, toProblem } from './errors.js';

const refusal = (work: () => unknown): MusterError => {
  try {
    work();
  } catch (error) {
    if (error instanceof MusterError) return error;
    throw error;
  }
  throw new Error('it was accepted');
};

describe('a document that is not valid', () => {
  const schema = z.strictObject({ name: z.string(), steps: z.array(z.strictObject({ run: z.string() })) });

  it('is refused with every finding at once, each with its JSON pointer and code', () => {
    const error = refusal(() =>
      parseDocument(schema, { name: 1, steps: [{ run: 'a', 'x/y': 1 }], more: 1 }, 'The body'),
    );
    expect(error.code).toBe('document.invalid');
    expect(error.findings?.map(({ path, code }) => [path, code])).toEqual([
      ['/name', 'document.wrong-type'],
      ['/steps/0/x~1y', 'document.unknown-field'],
      ['/more', 'document.unknown-field'],
    ]);
  });

  it('of alternatives names what is wrong in the one that was meant', () => {
    const either = z.object({
      rules: z.array(z.union([z.strictObject({ device: z.string() }), z.strictObject({ all: z.literal(true) })])),
    });
    const error = refusal(() => parseDocument(either, { rules: [{ device: 'a', extra: 1 }] }, 'The body'));
    expect(error.findings).toMatchObject([{ path: '/rules/0/extra', code: 'document.unknown-field' }]);
  });

  it('may be nested as deep as it likes without harm', () => {
    let deep: unknown = 'end';
    for (let level = 0; level < 200_000; level += 1) deep = { a: deep };
    expect(refusal(() => parseDocument(z.any(), deep, 'The body')).code).toBe('document.too-deep');
  });
});

describe('the problem document of a failure', () => {
  it('says nothing of the inside of a bug', () => {
    expect(toProblem(new TypeError('secret detail of row 7'))).toMatchObject({ status: 500, code: 'internal.bug' });
    expect(JSON.stringify(toProblem(new TypeError('secret detail of row 7')))).not.toContain('row 7');
  });

  it('carries code, status and findings of a refusal, but not its cause', () => {
    const problem = toProblem(
      new MusterError('conflict', 'resource.stale-version', 'It has changed', { cause: new Error('inside') }),
    );
    expect(problem).toEqual({
      type: 'about:blank',
      title: 'Conflict',
      status: 409,
      code: 'resource.stale-version',
      detail: 'It has changed',
    });
  });
});
