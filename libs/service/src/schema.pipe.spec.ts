import { z } from 'zod';
import { SchemaPipe } from './schema.pipe.js';

describe('what comes through a door', () => {
  const pipe = new SchemaPipe();
  const query = (name: string) => Object.assign(Object.create(Object.create(null) as object) as object, { name });
  const given = (value: unknown, schema?: z.ZodType) =>
    pipe.transform(value, { type: 'query', ...(schema && { schema }) } as Parameters<SchemaPipe['transform']>[1]);
  const refused = expect.objectContaining({ category: 'invalid', code: 'document.invalid' }) as unknown;

  it('is refused where its text cannot be asked for, with a schema or, as messages of gRPC, without', () => {
    for (const text of ['a\0', 'a\ud800']) {
      expect(() => given(query(text), z.object({ name: z.string() }))).toThrow(refused as Error);
      expect(() => given(query(text))).toThrow(refused as Error);
      expect(() => given({ resource: { metadata: { name: text } } })).toThrow(refused as Error);
    }
  });

  it('is passed on as it is where there is no schema and nothing is wrong with it', () => {
    const message = { name: 'web-1', bytes: Buffer.from([0]), nothing: null };
    expect(given(message)).toBe(message);
  });
});
