import { nameSchema } from '@muster/contracts/resource.js';
import * as fc from 'fast-check';
import { candidatePrefix, freeName } from './free-name.js';

const name = fc.stringMatching(/^[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?$/);

describe('the name of a device that enrols', () => {
  it('is the one it asks for while that is free', () => {
    expect(freeName('web-1', new Set(['web-2']))).toBe('web-1');
  });

  it('gets the first free number when the name is taken', () => {
    expect(freeName('web', new Set(['web', 'web-2', 'web-4']))).toBe('web-3');
  });

  it('is always a free and valid name, however many want the same', () => {
    fc.assert(
      fc.property(name, fc.integer({ min: 1, max: 120 }), (wanted, devices) => {
        const taken = new Set<string>();
        for (let device = 0; device < devices; device++) {
          const chosen = freeName(wanted, taken);
          expect(nameSchema.safeParse(chosen).success).toBe(true);
          expect(chosen.startsWith(candidatePrefix(wanted))).toBe(true);
          expect(taken.has(chosen)).toBe(false);
          taken.add(chosen);
        }
      }),
      { numRuns: 50 },
    );
  });
});
