import { generateKeyPairSync } from 'node:crypto';
import type { JournalEntry, RunEvent, RunStarted } from '@muster/sequence/run.js';
import * as fc from 'fast-check';
import { atRest } from '../identity/at-rest.js';
import { fromKept, toKept, type ToldVariables } from './kept-variables.js';

const { privateKey } = generateKeyPairSync('x25519');
const opened: RunStarted['variables'] = { device: { Token: { value: 'geheim', secret: true } } };
const variables: ToldVariables = {
  told: { device: [{ name: 'Token', hidden: true }], collections: [], sealed: 'a..b.c.d' },
  open: async () => opened,
  atRest: atRest(privateKey, 'run 1'),
};
const started: RunStarted = {
  type: 'run-started',
  runId: '1',
  sequence: { name: 'demo', spec: { steps: [] } },
  variables: opened,
  facts: { phase: 'FullOS' },
};
const entriesOf = (...events: RunEvent[]): JournalEntry[] => events.map((event) => ({ at: 'now', event }));

describe('what a journal keeps of a run that policy asked for', () => {
  it('has no secret in it, neither of policy nor of a step, and gives the same events again', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.record({ name: fc.constantFrom('A', 'B', 'OSDJoinPassword'), value: fc.uuid(), secret: fc.boolean() }),
        ),
        async (assignments) => {
          const events: RunEvent[] = [
            started,
            { type: 'step-ended', position: 0, attempt: 1, exitCode: 0, assignments },
          ];
          const kept = JSON.parse(
            JSON.stringify(entriesOf(...events.map((event) => toKept(event, variables)))),
          ) as JournalEntry[];
          const text = JSON.stringify(kept);
          expect(text).not.toContain('geheim');
          for (const { name, value, secret } of assignments)
            expect(text.includes(value)).toBe(!secret && name !== 'OSDJoinPassword');
          expect(await fromKept(kept, variables)).toEqual(entriesOf(...events));
        },
      ),
      { numRuns: 100 },
    );
  });

  it('stays as it is for a run that policy did not ask for', async () => {
    const entries = entriesOf(toKept(started, undefined));
    expect(entries).toEqual(entriesOf(started));
    expect(await fromKept(entries, undefined)).toBe(entries);
  });

  it('cannot be opened with another key, nor as that of another run', async () => {
    const sealed = atRest(privateKey, 'run 1').seal('geheim');
    for (const other of [atRest(privateKey, 'run 2'), atRest(generateKeyPairSync('x25519').privateKey, 'run 1')])
      expect(() => other.unseal(sealed)).toThrow(expect.objectContaining({ code: 'policy.secrets-unreadable' }));
    expect(() => atRest(privateKey, 'run 1').unseal('AAAA')).toThrow(
      expect.objectContaining({ code: 'policy.secrets-unreadable' }),
    );
  });
});
