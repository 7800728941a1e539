import { fileURLToPath } from 'node:url';
import { fuzzImport } from '../../../test/import-fuzz.js';

const corpus = fileURLToPath(new URL('../../../../../test/data/task-sequences/', import.meta.url));

describe('the importer under fuzzing', () => {
  it('never breaks, refuses with codes, and gives valid documents only', () => {
    const { cases, endings, failures } = fuzzImport(corpus, 20_261_121, (done) => done >= 800);
    expect(failures).toEqual([]);
    expect(cases).toBe(800);
    // Mutations that never get through, or always do, would test nothing.
    expect(endings['imported']).toBeGreaterThan(100);
    expect(Object.keys(endings).length).toBeGreaterThan(5);
  });
});
