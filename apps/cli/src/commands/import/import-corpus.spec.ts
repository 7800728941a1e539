import { readdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { taskSequence } from '@muster/contracts/kinds/task-sequence.js';
import { importFiles } from '@muster/interchange/import-files.js';
import type { ImportedSequence } from '@muster/interchange/import-sequence.js';
import { importTotals } from '@muster/interchange/totals.js';
import { collectReferences } from '@muster/sequence/references.js';
import { simulate } from '@muster/sequence/simulate.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { countSequences, shapeOfDocument, type SequenceShape } from '../../../test/independent-count.js';
import { openSources } from './import-sources.js';

const folder = fileURLToPath(new URL('../../../../../test/data/task-sequences/', import.meta.url));
const sources = [...openSources([folder])];
const result = importFiles(sources);
const sequences = result.files.flatMap((file) => file.sequences);

describe('real task sequences of other people', () => {
  it('are all read, or refused with a reason', () => {
    expect(readdirSync(folder).filter((name) => /\.(xml|zip|ini)$/.test(name))).toHaveLength(45);
    for (const { file, outcome, code, message } of result.files)
      if (file.endsWith('.ini'))
        expect([file, outcome, code, message]).toEqual([
          file,
          'not-a-sequence',
          'import.not-a-sequence',
          expect.stringContaining('rules file'),
        ]);
      else expect([file, outcome, message]).toEqual([file, 'imported', undefined]);
  });

  it('have as many nodes and conditions as whoever collected them counted', () => {
    expect(importTotals(result)).toMatchObject({
      files: 45,
      parsed: 40,
      notSequences: 5,
      refused: 0,
      sequences: 43,
      groups: 218,
      steps: 866,
      sequenceCalls: 1,
      conditions: 222,
      expressions: 260,
      disabled: 66,
      dropped: 0,
    });
  });

  it('become trees of the same nodes in the same order, as another parser finds them', () => {
    const found = sources.flatMap(({ members }) => (Array.isArray(members) ? countSequences(members) : []));
    const made: SequenceShape[] = sequences.map(({ document }) => shapeOfDocument(document.spec.steps));
    expect(found).toHaveLength(43);
    expect(made).toEqual(found);
  });

  it('have steps of types that Muster knows, but for those that only MDT has', () => {
    const totals = importTotals(result);
    expect(totals.mapped + totals.unmapped).toBe(866);
    expect(totals.mapped / 866).toBeGreaterThan(0.95);
    expect(totals.types.filter(({ unmapped }) => unmapped > 0).map(({ type, unmapped }) => [type, unmapped])).toEqual([
      // Nothing here puts updates into an image that does not run.
      ['SMS_TaskSequence_SetVariableAction', 1],
      ['BDD_InstallUpdatesOffline', 9],
      ['BDD_RecoverDomainJoin', 5],
      ['BDD_InstallRoles', 2],
      // A home-made step that borrowed the type.
      ['SMS_TaskSequence_SubTasksequence', 1],
    ]);
  });

  it.each(sequences.map((one) => [one.document.metadata.name, one] as const))(
    '%s is a valid resource',
    (_, { document }) => {
      expect(validateSequence(document.spec).filter(({ severity }) => severity === 'error')).toEqual([]);
      expect(taskSequence.input.safeParse(document).error).toBeUndefined();
    },
  );

  it.each(sequences.map((one) => [one.document.metadata.name, one] as const))(
    '%s is simulated to its end',
    (_, one) => {
      for (const conditions of [true, false]) {
        const { finished } = run(one, conditions);
        // Restarts into PE and back are what the sequence says; a step for the other environment then fails as it should.
        expect([undefined, 'step.wrong-environment']).toContain(finished?.code);
        expect(finished?.result).toBe(finished?.code === undefined ? 'succeeded' : 'failed');
      }
    },
  );

  it('say of everything that is left out what it was', () => {
    for (const { findings } of sequences)
      for (const { message, path, pointer, line } of findings) {
        expect(message.length).toBeGreaterThan(10);
        expect([path === '' || pointer.startsWith('/spec/steps/'), line > 0]).toEqual([true, true]);
      }
  });
});

function run({ document: { metadata, spec } }: ImportedSequence, conditions: boolean) {
  const calls = collectReferences(spec).filter(({ reference }) => reference.kind === 'TaskSequence');
  const children = Object.fromEntries(calls.map(({ reference }) => [reference.name, { steps: [] }]));
  return simulate(
    {
      type: 'run-started',
      runId: 'r',
      sequence: { name: metadata.name, spec },
      children,
      simulated: true,
      variables: { device: { PHASE: 'VALIDATION', DeploymentType: 'NEWCOMPUTER' } },
      facts: { phase: 'FullOS' },
    },
    () => ({ exitCode: 0 }),
    '2026-01-01T00:00:00Z',
    { maximumEvents: 10_000, probe: () => ({ result: conditions }) },
  );
}
