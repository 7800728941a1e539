import { readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { replay } from '@muster/sequence/advance.js';
import type { JournalEntry } from '@muster/sequence/run.js';

const folder = join(import.meta.dirname, 'journals');
const names = readdirSync(folder).filter((name) => name.endsWith('.jsonl') && !name.endsWith('.reports.jsonl'));
const lines = (name: string): unknown[] =>
  readFileSync(join(folder, name), 'utf8')
    .trim()
    .split('\n')
    .map((line): unknown => JSON.parse(line));

/**
 * Journals that real agents wrote, never to be changed: an agent that is updated in the middle of a run reads what an older one
 * left. New versions add files (see README.md beside them).
 */
describe('a journal of an older agent', () => {
  it.each(names)('%s still replays to the reports that were sent', (name) => {
    const [, ...batches] = lines(name) as [unknown, ...{ entries: JournalEntry[] }[]];
    const { reports, run } = replay(batches.flatMap(({ entries }) => entries));
    expect(reports).toEqual(lines(name.replace('.jsonl', '.reports.jsonl')));
    expect(run?.awaiting.kind).toBe('nothing');
  });

  it('is there at all', () => {
    expect(names.length).toBeGreaterThanOrEqual(3);
  });
});
