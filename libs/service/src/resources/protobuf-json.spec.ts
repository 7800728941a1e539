import * as fc from 'fast-check';
import { fromStruct, toStruct } from './protobuf-json.js';

describe('a JSON document as google.protobuf.Struct', () => {
  it('comes back as it was, whatever it holds', () => {
    const json = fc.dictionary(fc.string(), fc.jsonValue({ maxDepth: 4 }));
    fc.assert(
      fc.property(json, (document) => {
        // JSON has no -0.
        const value = JSON.parse(JSON.stringify(document)) as Record<string, unknown>;
        expect(fromStruct(toStruct(value))).toEqual(value);
      }),
    );
  });

  it('drops fields that are undefined, as JSON does', () => {
    expect(fromStruct(toStruct({ a: undefined, b: null }))).toEqual({ b: null });
  });
});
