import { LineCounter, type Document, isMap, isScalar, isSeq, parseAllDocuments } from 'yaml';
import { type Finding, pointer } from '@muster/sequence/findings.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { checkSequence } from '@muster/sequence/check-sequence.js';
import { withFactsInspector } from '../conditions/with-facts-inspector.js';
import { reasonOf } from '../journal/journal-error.js';

/** A finding with its place in the file, counted from 1, where it is known. */
export interface LocatedFinding extends Finding {
  readonly line?: number | undefined;
  readonly column?: number | undefined;
}

/** The sequence to run and the children the same file holds. */
export interface SequenceDocument {
  readonly name: string;
  readonly spec: SequenceSpec;
  readonly children: Readonly<Record<string, SequenceSpec>>;
}

/** What a file holds; or everything that is wrong with it. */
export type LoadedDocument = SequenceDocument | { readonly findings: readonly LocatedFinding[] };

/**
 * Reads YAML (or JSON) text with one TaskSequence. In a file with several documents, other kinds are left alone; the first
 * TaskSequence is the one to run, further ones are its children by name.
 */
export async function loadSequenceDocument(text: string): Promise<LoadedDocument> {
  const lines = new LineCounter();
  const parsed = parseAllDocuments(text, { lineCounter: lines });
  const documents = 'empty' in parsed ? [] : parsed;
  const syntax = documents.flatMap((document) =>
    document.errors.map((error): LocatedFinding => {
      const at = lines.linePos(error.pos[0]);
      return {
        ...finding('', 'document.syntax', error.message.split('\n')[0] ?? 'not YAML', 'correct the YAML'),
        line: at.line,
        column: at.col,
      };
    }),
  );
  if (syntax.length > 0) return { findings: syntax };

  const findings: LocatedFinding[] = [];
  const sequences = new Map<string, SequenceSpec>();
  let main: string | undefined;
  for (const document of documents) {
    const resource = toResource(document);
    if ('problem' in resource) {
      findings.push(finding('', 'document.syntax', resource.problem, 'correct the YAML'));
      continue;
    }
    if (resource.value === null && documents.length > 1) continue;
    if (
      isRecord(resource.value) &&
      typeof resource.value['kind'] === 'string' &&
      resource.value['kind'] !== 'TaskSequence' &&
      documents.length > 1
    )
      continue;
    const { value } = resource;
    const found = [
      ...checkEnvelope(value),
      ...(isRecord(value) ? await withFactsInspector((inspect) => checkSequence(value['spec'], '/spec', inspect)) : []),
    ];
    findings.push(...found.map((item) => locate(item, document, lines)));
    if (found.some(({ severity }) => severity === 'error')) continue;
    const { metadata, spec } = resource.value as { metadata: { name: string }; spec: SequenceSpec };
    if (sequences.has(metadata.name)) {
      const twice = finding(
        '/metadata/name',
        'document.duplicate-name',
        `there are two task sequences "${metadata.name}"`,
        'rename one',
      );
      findings.push(locate(twice, document, lines));
    }
    sequences.set(metadata.name, spec);
    main ??= metadata.name;
  }
  if (findings.some(({ severity }) => severity === 'error')) return { findings };
  const spec = main === undefined ? undefined : sequences.get(main);
  if (main === undefined || !spec) {
    return {
      findings: [
        finding(
          '',
          'document.no-sequence',
          'the file holds no TaskSequence',
          'start with apiVersion: muster/v1, kind: TaskSequence',
        ),
      ],
    };
  }
  sequences.delete(main);
  return { name: main, spec, children: Object.fromEntries(sequences) };
}

/** `line:column` of a finding for people, or nothing. */
export function placeOf({ line, column }: LocatedFinding): string {
  return line === undefined ? '' : `:${line}:${column ?? 1}`;
}

function toResource(document: Document.Parsed): { value: unknown } | { problem: string } {
  try {
    return { value: document.toJS() as unknown };
  } catch (error) {
    return { problem: reasonOf(error) };
  }
}

const resourceFields = ['apiVersion', 'kind', 'metadata', 'spec', 'status'];

function checkEnvelope(resource: unknown): Finding[] {
  if (!isRecord(resource))
    return [
      finding(
        '',
        'document.not-a-resource',
        'the document is no resource',
        'write apiVersion, kind, metadata and spec',
      ),
    ];
  const findings: Finding[] = [];
  if (resource['apiVersion'] !== 'muster/v1') {
    findings.push(
      finding(
        '/apiVersion',
        'document.api-version',
        `"apiVersion" must be muster/v1, not ${show(resource['apiVersion'])}`,
        'apiVersion: muster/v1',
      ),
    );
  }
  if (resource['kind'] !== 'TaskSequence') {
    findings.push(
      finding(
        '/kind',
        'document.kind',
        `"kind" must be TaskSequence, not ${show(resource['kind'])}`,
        'kind: TaskSequence',
      ),
    );
  }
  for (const key of Object.keys(resource)) {
    if (!resourceFields.includes(key)) {
      findings.push(
        finding(
          pointer('', key),
          'document.unknown-field',
          `"${key}" is no field of a resource`,
          `known fields: ${resourceFields.join(', ')}`,
        ),
      );
    }
  }
  const metadata = resource['metadata'];
  const name = isRecord(metadata) ? metadata['name'] : undefined;
  if (typeof name !== 'string' || !/^[a-z0-9]([a-z0-9.-]{0,251}[a-z0-9])?$/.test(name)) {
    findings.push(
      finding(
        '/metadata/name',
        'document.name',
        `"metadata.name" must be a name like harden-debian, not ${show(name)}`,
        'lower-case letters, digits, hyphens; at most 253',
      ),
    );
  }
  return findings;
}

/** Finds the deepest node of the YAML text on the way to the finding's path: the field itself, or where it is missing. */
function locate(item: Finding, document: Document.Parsed, lines: LineCounter): LocatedFinding {
  const segments = item.path
    .split('/')
    .slice(1)
    .map((part) => part.replaceAll('~1', '/').replaceAll('~0', '~'));
  let node: unknown = document.contents;
  let offset = document.contents?.range?.[0] ?? 0;
  for (const segment of segments) {
    if (isMap(node)) {
      const pair = node.items.find((candidate) => isScalar(candidate.key) && String(candidate.key.value) === segment);
      if (!pair) break;
      if (isScalar(pair.key)) offset = pair.key.range?.[0] ?? offset;
      node = pair.value;
    } else if (isSeq(node)) {
      node = node.items[Number(segment)];
      offset = rangeOf(node) ?? offset;
    } else break;
  }
  const at = lines.linePos(offset);
  return { ...item, line: at.line, column: at.col };
}

function rangeOf(node: unknown): number | undefined {
  return isMap(node) || isSeq(node) || isScalar(node) ? node.range?.[0] : undefined;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function show(value: unknown): string {
  return value === undefined ? 'nothing' : (JSON.stringify(value) ?? String(value)).slice(0, 100);
}

function finding(path: string, code: string, message: string, fix: string): Finding {
  return { path, code, severity: 'error', message, fix };
}
