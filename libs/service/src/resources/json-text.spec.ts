import type { Resource, ResourceList } from '@muster/contracts/resource.js';
import * as fc from 'fast-check';
import { JsonText, listingJson } from './json-text.js';

const resource = fc.record({
  apiVersion: fc.constant('muster/v1' as const),
  kind: fc.string({ unit: 'grapheme' }),
  metadata: fc.dictionary(fc.string(), fc.string()) as unknown as fc.Arbitrary<Resource['metadata']>,
  spec: fc.jsonValue({ stringUnit: 'grapheme' }),
  status: fc.jsonValue(),
});

describe('the JSON of a listing', () => {
  it('says what the listing says, whatever is in the specifications', () => {
    fc.assert(
      fc.property(fc.array(resource), fc.option(fc.string(), { nil: undefined }), (items, next) => {
        const listing: ResourceList<Resource> = {
          apiVersion: 'muster/v1',
          kind: 'ThingList',
          metadata: next === undefined ? {} : { continue: next },
          items,
        };
        const asTexts = items.map((item) => ({ ...item, spec: new JsonText(JSON.stringify(item.spec)) }));
        expect(listingJson({ ...listing, items: asTexts }).toString()).toBe(JSON.stringify(listing));
      }),
    );
  });
});
