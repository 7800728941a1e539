import { fileURLToPath } from 'node:url';
import { isDeepStrictEqual } from 'node:util';
import { IDS_ANNOTATION, textsIn } from '@muster/interchange/export/annotations.js';
import { exportSequence } from '@muster/interchange/export/export-sequence.js';
import { importFiles } from '@muster/interchange/import-files.js';
import { importSequence } from '@muster/interchange/import-sequence.js';
import { recognise } from '@muster/interchange/source/find-sequences.js';
import { isGroup, isStep, type SequenceNode, type StepNode } from '@muster/sequence/model.js';
import { stepDefinition } from '@muster/sequence/steps/registry.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { openSources } from '../import/import-sources.js';

const folder = fileURLToPath(new URL('../../../../../test/data/task-sequences/', import.meta.url));
const sequences = importFiles([...openSources([folder])]).files.flatMap(({ sequences: found }) => found);

/** Every step of the files, one of each kind of settings and annotations. */
const steps = new Map<string, { origin: string; node: StepNode }>();
for (const { document, origin } of sequences) {
  const visit = (node: SequenceNode): void => {
    if (isGroup(node)) node.steps.forEach(visit);
    else if (isStep(node)) {
      const kind = [
        node.type,
        Object.keys(node.settings ?? {}),
        node.annotations?.['import/xml']?.replace(/>[^<]*</g, '><'),
      ];
      steps.set(`${origin} ${JSON.stringify(kind)}`, { origin, node });
    }
  };
  document.spec.steps.forEach(visit);
}

/** A step that differs in one place, for each place of it. */
function* edits(node: StepNode): Generator<StepNode> {
  const settings = node.settings ?? {};
  for (const [name, value] of Object.entries(settings)) {
    const { [name]: _, ...others } = settings;
    yield { ...node, settings: others };
    const changed =
      typeof value === 'boolean'
        ? !value
        : typeof value === 'number'
          ? value + 1
          : typeof value === 'string'
            ? `${value}x`
            : undefined;
    if (changed !== undefined) yield { ...node, settings: { ...settings, [name]: changed } };
    if (Array.isArray(value)) yield { ...node, settings: { ...settings, [name]: value.slice(1) } };
  }
  yield { ...node, step: `${node.step}x` };
  yield { ...node, description: 'new' };
  yield { ...node, disabled: !node.disabled };
  yield { ...node, continueOnError: !node.continueOnError };
  yield { ...node, runIn: node.runIn === 'PE' ? 'FullOS' : 'PE' };
  yield { ...node, successCodes: [7] };
  yield { ...node, timeoutSeconds: 77 };
  yield { ...node, retry: { attempts: 9 } };
  yield { ...node, condition: { variable: 'New', operator: 'exists' } };
  const { condition: _, ...always } = node;
  yield always;
  if (node.condition)
    yield { ...node, condition: { any: [node.condition, { variable: 'New', operator: 'equals', value: '1' }] } };
  yield { ...node, type: 'SetTaskSequenceVariable', settings: { name: 'A', value: 'b' } };
}

function exportAndImport(node: StepNode, origin: string): { back: SequenceNode | undefined; codes: string[] } {
  const { xml, findings } = exportSequence({
    metadata: { name: 'x', labels: { 'import/origin': origin } },
    spec: { steps: [node] },
  });
  const found = recognise('x.xml', new TextEncoder().encode(xml));
  if (found.kind !== 'sequences' || !found.sequences[0]) throw new Error('no sequence');
  const bind = new Map(
    Object.entries(textsIn(node.annotations, IDS_ANNOTATION)).map(([name, id]) => [id.toLowerCase(), name]),
  );
  const sequence = { ...found.sequences[0], origin: origin as 'mdt' };
  const { document } = importSequence(
    sequence,
    { name: 'x', displayName: 'x' },
    { names: new Map(), bind, sequences: new Map() },
  );
  return { back: document.spec.steps[0], codes: findings.map(({ code, path }) => `${code} ${path}`) };
}

/** Without what no one sees: annotations, switches that are off, texts for numbers and switches. */
function essence(node: SequenceNode | undefined): unknown {
  const { annotations: _, disabled, continueOnError, successCodes, settings = {}, ...rest } = (node ?? {}) as StepNode;
  const own = JSON.stringify(successCodes) !== JSON.stringify(stepDefinition(rest.type)?.defaults.successCodes);
  const all = {
    ...rest,
    settings,
    ...(successCodes && own ? { successCodes } : {}),
    ...(disabled ? { disabled } : {}),
    ...(continueOnError ? { continueOnError } : {}),
  };
  return JSON.parse(JSON.stringify(all), (_key, one: unknown) => (typeof one === 'number' ? String(one) : one));
}

describe('imported steps that somebody changed', () => {
  it('come back as they were changed, or a finding says what does not', () => {
    let edited = 0;
    let exact = 0;
    for (const { origin, node } of steps.values())
      for (const edit of edits(node)) {
        if (validateSequence({ steps: [edit] }).some(({ severity }) => severity === 'error')) continue;
        edited++;
        const { back, codes } = exportAndImport(edit, origin);
        if (isDeepStrictEqual(essence(back), essence(edit))) exact++;
        else if (codes.length === 0)
          expect({ origin, was: node, back: essence(back) }).toEqual({ origin, was: node, back: essence(edit) });
      }
    expect(steps.size).toBeGreaterThan(90);
    expect(edited).toBeGreaterThan(1000);
    expect(exact / edited).toBeGreaterThan(0.8);
  });
});
