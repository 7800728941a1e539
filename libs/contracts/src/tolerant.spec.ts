import { z } from 'zod';
import { parseTolerant } from './tolerant.js';

describe('a message from a newer service', () => {
  const schema = z.strictObject({ name: z.string(), parts: z.array(z.strictObject({ size: z.number() })) });

  it('loses the fields that this version does not know, at any depth, and keeps the rest', () => {
    const newer = { name: 'a', colour: 'red', parts: [{ size: 1, weight: 2 }, { size: 3 }] };
    expect(parseTolerant(schema, newer)).toEqual({ name: 'a', parts: [{ size: 1 }, { size: 3 }] });
    expect(newer.colour).toBe('red');
  });

  it('is refused when a known field is wrong, whatever else is new', () => {
    expect(() => parseTolerant(schema, { name: 1, colour: 'red', parts: [] })).toThrow(z.ZodError);
  });

  it('is refused when it has something new where nothing may be ignored', () => {
    const inside = { name: 'a', parts: [{ size: 1, weight: 2 }] };
    expect(() => parseTolerant(schema, inside, [['parts']])).toThrow(z.ZodError);
    expect(parseTolerant(schema, { ...inside, parts: [], colour: 'red' }, [['parts']])).toEqual({
      name: 'a',
      parts: [],
    });
  });

  it('may name the same part of every member of a record', () => {
    const part = z.strictObject({ spec: z.strictObject({ size: z.number() }) });
    const record = z.strictObject({ parts: z.record(z.string(), part) });
    const strict = [['parts', '*', 'spec']];
    expect(() => parseTolerant(record, { parts: { a: { spec: { size: 1, weight: 2 } } } }, strict)).toThrow(z.ZodError);
    expect(parseTolerant(record, { parts: { a: { spec: { size: 1 }, colour: 'red' } } }, strict)).toEqual({
      parts: { a: { spec: { size: 1 } } },
    });
  });
});
