import type { SequenceSpec } from '@muster/sequence/model.js';
import { LIMITS } from '@muster/sequence/limits.js';
import { writableNameProblem } from '@muster/sequence/names.js';
import { validateSequence } from '@muster/sequence/validate.js';
import { keepSequence } from './export/keep-sequence.js';
import type { ImportFinding } from './findings.js';
import { quote } from './findings.js';
import { importNodes } from './import-nodes.js';
import { IMPORT_LIMITS } from './limits.js';
import { ImportRefusal } from './refusal.js';
import { type ImportedReference, References, type ReferenceKnowledge } from './references.js';
import { isNoSecret, isSecretName } from './secrets.js';
import { type RemovedSecret, SequenceImport, type TypeCount } from './sequence-import.js';
import type { FoundSequence, SequenceOrigin } from './source/find-sequences.js';
import { readVariables } from './source/source-step.js';
import { type UsedVariable, usedVariables } from './used-variables.js';
import { attribute, childrenNamed, NODE_ELEMENTS, walkXml, type XmlElement } from './xml/xml-element.js';
import { lookup } from './lookup.js';

/** A TaskSequence resource, as `muster apply` takes it. */
export interface TaskSequenceDocument {
  readonly apiVersion: 'muster/v1';
  readonly kind: 'TaskSequence';
  readonly metadata: {
    readonly name: string;
    readonly displayName: string;
    readonly labels: Readonly<Record<string, string>>;
  };
  readonly spec: SequenceSpec;
}

/** How much there is in a sequence, as counted in the file. */
export interface SequenceCounts {
  readonly groups: number;
  /** Steps, calls of other sequences included. */
  readonly steps: number;
  readonly sequenceCalls: number;
  /** Nodes with a condition. */
  readonly conditions: number;
  readonly expressions: number;
  readonly disabled: number;
  readonly mappedExactly: number;
  readonly mappedWithNote: number;
  readonly unmapped: number;
  /** Nodes that are in the file and not in the document: 0, or something is wrong with the import. */
  readonly dropped: number;
}

/** One imported sequence and all there is to know about it. */
export interface ImportedSequence {
  readonly document: TaskSequenceDocument;
  readonly origin: SequenceOrigin;
  /** Member of the archive it was in. */
  readonly member?: string | undefined;
  /** Id in the other site. */
  readonly id?: string | undefined;
  readonly counts: SequenceCounts;
  readonly types: readonly TypeCount[];
  readonly expressionTypes: Readonly<Record<string, number>>;
  readonly references: readonly ImportedReference[];
  readonly secrets: readonly RemovedSecret[];
  readonly variables: readonly UsedVariable[];
  readonly findings: readonly ImportFinding[];
  /** Entries of `--bind` that this sequence had use for. */
  readonly usedBindings: readonly string[];
}

/** What the caller decides about a sequence before it is read. */
export interface SequenceWish {
  /** Name of the resource. */
  readonly name: string;
  readonly displayName: string;
  readonly member?: string | undefined;
}

const rootPlace = { path: '', pointer: '/spec', line: 1 };

/**
 * Makes a resource out of a sequence that was found. Pure.
 *
 * @throws ImportRefusal `import.sequence-invalid` when even the kept parts break a limit of ours (2 MB, 100 levels)
 */
export function importSequence(
  found: FoundSequence,
  wish: SequenceWish,
  knowledge: ReferenceKnowledge,
): ImportedSequence {
  const nodes = nodesIn(found);
  if (nodes > IMPORT_LIMITS.nodes)
    throw new ImportRefusal('import.too-large', `there are ${nodes} groups and steps; ${IMPORT_LIMITS.nodes} are read`);
  const references = new References(knowledge);
  const into = new SequenceImport(wish.name, references, { dialect: found.origin });
  const steps = importNodes(found.root, { path: '', pointer: '/spec/steps' }, into);
  const variables = globalVariables(found, into);
  const description = descriptionOf(found, into);
  reportFacts(found, into);
  listedReferences(found, references, into);
  if (found.origin === 'mdt') noteFirstVariables(into);
  reportStrayNodes(found.root, false, into);
  const whole: SequenceSpec = {
    displayName: wish.displayName.slice(0, LIMITS.nameLength),
    ...(description === undefined ? {} : { description }),
    ...(found.maximumRunTimeMinutes === undefined ? {} : { maximumRunTimeMinutes: found.maximumRunTimeMinutes }),
    ...(Object.keys(variables).length > 0 ? { variables } : {}),
    steps,
  };
  const spec = keepSequence(whole, found, into);
  const error = validateSequence(spec).find(({ severity }) => severity === 'error');
  if (error)
    throw new ImportRefusal('import.sequence-invalid', `${error.path}: ${error.code}: ${error.message}; ${error.fix}`);
  const types = into.types();
  const total = (fate: 'exactly' | 'withNote' | 'unmapped'): number => types.reduce((sum, one) => sum + one[fate], 0);
  return {
    document: {
      apiVersion: 'muster/v1',
      kind: 'TaskSequence',
      metadata: {
        name: wish.name,
        displayName: wish.displayName.slice(0, 256),
        labels: {
          'import/origin': found.origin,
          ...(found.id === undefined ? {} : { 'import/id': found.id.slice(0, 256) }),
        },
      },
      spec,
    },
    origin: found.origin,
    member: wish.member,
    id: found.id,
    counts: {
      groups: into.groups,
      steps: into.steps,
      sequenceCalls: into.sequenceCalls,
      conditions: into.conditions,
      expressions: [...into.expressions.values()].reduce((sum, count) => sum + count, 0),
      disabled: into.disabled,
      mappedExactly: total('exactly'),
      mappedWithNote: total('withNote'),
      unmapped: total('unmapped'),
      dropped: nodes - countNodes(spec.steps),
    },
    types,
    expressionTypes: Object.fromEntries(into.expressions),
    references: references.all(),
    secrets: into.secrets,
    variables: usedVariables(spec),
    findings: into.findings,
    usedBindings: [...references.usedBindings],
  };
}

/** Nodes that stand where no node can, such as a step inside an action: they are left out, and each is said. */
function reportStrayNodes(parent: XmlElement, stray: boolean, into: SequenceImport): void {
  for (const child of parent.children) {
    const lost = NODE_ELEMENTS.has(child.name) && (stray || (parent.name !== 'sequence' && parent.name !== 'group'));
    if (lost) {
      const message = `<${child.writtenName}> ${quote(attribute(child, 'name') ?? '')} stands inside <${quote(parent.writtenName)}>, where no step can; it is left out`;
      into.find({ ...rootPlace, line: child.line }, 'note', 'import.element-left-out', message);
    }
    reportStrayNodes(child, stray || lost || (!NODE_ELEMENTS.has(child.name) && child.name !== 'sequence'), into);
  }
}

/** Every node element of the file, wherever it stands. */
function nodesIn({ root }: FoundSequence): number {
  let count = 0;
  for (const element of walkXml(root)) if (NODE_ELEMENTS.has(element.name)) count++;
  return count;
}

function countNodes(nodes: SequenceSpec['steps']): number {
  return nodes.reduce((sum, node) => sum + 1 + ('steps' in node ? countNodes(node.steps) : 0), 0);
}

function globalVariables({ root }: FoundSequence, into: SequenceImport): Record<string, string> {
  const variables = new Map<string, { name: string; value: string }>();
  for (const { name, value } of childrenNamed(root, 'globalvarlist').flatMap(readVariables)) {
    const problem = writableNameProblem(name);
    const tooLong = value.length > LIMITS.variableValueLength;
    if (problem || tooLong) {
      const reason = problem?.message ?? `its value has ${value.length} characters`;
      into.find(rootPlace, 'note', 'import.variable-left-out', `the variable ${quote(name)} is left out: ${reason}`);
    } else if (isSecretName(name) && !isNoSecret(value)) {
      into.secret(rootPlace, `value of the variable ${name}`, name, value);
    } else {
      const before = variables.get(name.toLowerCase());
      if (before && before.value !== value)
        into.find(
          rootPlace,
          'note',
          'import.variable-twice',
          `the variable ${name} is there twice; the later value counts`,
        );
      variables.set(name.toLowerCase(), { name, value: into.scrub(value, rootPlace, `the variable ${name}`) });
    }
  }
  return Object.fromEntries([...variables.values()].map(({ name, value }) => [name, value]));
}

function descriptionOf(found: FoundSequence, into: SequenceImport): string | undefined {
  const description = (found.description ?? '').trim();
  if (description === '') return undefined;
  if (description.length > LIMITS.descriptionLength)
    into.find(
      rootPlace,
      'note',
      'import.text-shortened',
      `the description is cut; it was: ${description.slice(0, 2000)}`,
    );
  return into.scrub(description.slice(0, LIMITS.descriptionLength), rootPlace, 'the description');
}

const factHelp: Readonly<Record<string, string>> = {
  BootImageID: 'deployments through media and PXE choose the boot image',
  DependentProgram: 'name that program in runFirst',
  Category: 'use labels or folders',
};

function reportFacts({ otherFacts, root }: FoundSequence, into: SequenceImport): void {
  for (const [name, value] of Object.entries(otherFacts ?? {}))
    into.find(
      rootPlace,
      'note',
      'import.fact-left-out',
      `${name} has no place here; it was: ${quote(value)}`,
      lookup(factHelp, name),
    );
  const known = new Set([...NODE_ELEMENTS, 'globalvarlist', 'referencelist', 'action', 'condition']);
  for (const child of root.children)
    if (!known.has(child.name))
      into.find(
        { ...rootPlace, line: child.line },
        'note',
        'import.element-left-out',
        `<${child.writtenName}> has no place here`,
      );
}

/** What MDT's own client sets before the first step. */
function noteFirstVariables(into: SequenceImport): void {
  const message =
    'before the first step MDT sets PHASE (VALIDATION), DeploymentType (NEWCOMPUTER, REFRESH, …) and what the rules file says';
  into.find(
    rootPlace,
    'note',
    'import.first-variables',
    message,
    'give them as variables of the deployment, collection or device',
  );
}

/** Their list of references is made of the steps; what only the list names is content that a variable names. */
function listedReferences({ root }: FoundSequence, references: References, into: SequenceImport): void {
  const known = references.ids();
  for (const entry of childrenNamed(root, 'referencelist').flatMap((list) => childrenNamed(list, 'reference'))) {
    const id = attribute(entry, 'package') || attribute(entry, 'application') || '';
    if (id === '' || known.has(id.toLowerCase())) continue;
    const message = `the sequence also needs ${quote(id)}, which no step names: some variable may`;
    into.find({ ...rootPlace, line: entry.line }, 'note', 'import.reference-unused', message);
  }
}
