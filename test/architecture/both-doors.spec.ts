import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { protoFile } from '@muster/contracts/proto.js';

/** What REST alone has, and why. */
const RESTS_OWN: Readonly<Record<string, string>> = {
  createTaskSequence: 'Apply with create_only',
  getTaskSequenceSchema: 'a file for editors',
};

const openApi = join(import.meta.dirname, '../../libs/contracts/openapi/catalog.json');

/** `exportTaskSequences` is the method `Export`: its service says what it is about. */
function methodOf(operation: string): string {
  const method = operation.replace(/TaskSequences?|Sequence(?=[A-Z])|Edit(?=Lock)/, '');
  return `${method.charAt(0).toUpperCase()}${method.slice(1)}`;
}

describe('the two doors of the catalog', () => {
  it('can do the same: every operation of REST is a method of gRPC', () => {
    const operations = [...readFileSync(openApi, 'utf8').matchAll(/"operationId": "(\w+)"/g)].map(([, id = '']) => id);
    const methods = new Set(
      [...readFileSync(protoFile('catalog'), 'utf8').matchAll(/rpc (\w+)\(/g)].map(([, name = '']) => name),
    );
    expect(operations.length).toBeGreaterThan(20);
    const without = operations.filter((one) => !(one in RESTS_OWN) && !methods.has(methodOf(one)));
    expect(without).toEqual([]);
  });
});
