import { isSecretName as isAlwaysSecret } from '@muster/sequence/names.js';
import {
  isGroup,
  isStep,
  nodeName,
  type SequenceNode,
  type SequenceSpec,
  type StepNode,
} from '@muster/sequence/model.js';
import { stepDefinition } from '@muster/sequence/steps/registry.js';
import type { FindingPlace } from '../findings.js';
import { References } from '../references.js';
import { isNoSecret, isSecretName } from '../secrets.js';
import { type RemovedSecret, SequenceImport } from '../sequence-import.js';
import type { SequenceOrigin } from '../source/find-sequences.js';
import type { OtherSite } from '../steps/mapping.js';
import { writeXml } from '../xml/write-xml.js';
import type { XmlElement } from '../xml/xml-element.js';
import { bare, IDS_ANNOTATION, originalOf, textsIn } from './annotations.js';
import { exportNode } from './export-node.js';
import { NO_IDS, referenceList } from './reference-list.js';
import { overlayRoot, writeRoot } from './write-root.js';

/** A document to export: what of a TaskSequence resource counts. */
export interface ExportedDocument {
  readonly metadata: {
    readonly name: string;
    readonly displayName?: string | undefined;
    readonly labels?: Readonly<Record<string, string>> | undefined;
  };
  readonly spec: SequenceSpec;
}

/** Something to know about an exported sequence. `path` is made of display names, `pointer` leads into the document. */
export interface ExportFinding {
  readonly code: string;
  readonly path: string;
  readonly pointer: string;
  readonly message: string;
  readonly fix?: string | undefined;
}

/** A sequence as XML of the other product. */
export interface ExportedSequence {
  readonly dialect: SequenceOrigin;
  /** The `sequence` element as text. */
  readonly xml: string;
  readonly groups: number;
  readonly steps: number;
  /** Everything that is not there as it is here. */
  readonly findings: readonly ExportFinding[];
  /** Secrets of the document that were left out. */
  readonly secrets: readonly RemovedSecret[];
  /** Entries of `bind` that were of use. */
  readonly usedBindings: readonly string[];
}

/**
 * A sequence of ours as XML of ConfigMgr, or of MDT when it came from there. Pure. Of a sequence that was imported, groups, steps and
 * conditions are those of the original; whatever was changed since, or has no counterpart, is written anew or is a finding.
 *
 * @param bind ids of the other site by names of this one, for what was not imported from there
 */
export function exportSequence(
  document: ExportedDocument,
  bind: Readonly<Record<string, string>> = {},
): ExportedSequence {
  const { metadata, spec } = document;
  const dialect = metadata.labels?.['import/origin'] === 'mdt' ? 'mdt' : 'configmgr';
  const writer = new SequenceWriter(metadata.name, dialect, new Map(Object.entries(bind)));
  const nodes = writer.nodes(spec.steps, '', '/spec/steps');
  const root = writer.root(document, nodes);
  return {
    dialect,
    xml: writeXml(root, '  '),
    groups: writer.groups,
    steps: writer.steps,
    findings: writer.findings,
    secrets: writer.secrets.secrets,
    usedBindings: [...writer.usedBindings],
  };
}

class SequenceWriter {
  readonly findings: ExportFinding[] = [];
  readonly secrets: SequenceImport;
  readonly usedBindings = new Set<string>();
  groups = 0;
  steps = 0;
  private readonly unbound = new Set<string>();

  constructor(
    name: string,
    private readonly dialect: SequenceOrigin,
    private readonly bind: ReadonlyMap<string, string>,
  ) {
    this.secrets = new SequenceImport(
      name,
      new References({ names: new Map(), bind: new Map(), sequences: new Map() }),
    );
  }

  nodes(nodes: readonly SequenceNode[], path: string, pointer: string): XmlElement[] {
    return nodes.map((node, index) => {
      const place = {
        path: path === '' ? nodeName(node) : `${path}/${nodeName(node)}`,
        pointer: `${pointer}/${index}`,
        line: 0,
      };
      if (isGroup(node)) this.groups++;
      else this.steps++;
      const ids = textsIn(node.annotations, IDS_ANNOTATION);
      const clean = this.withoutSecrets(node, place);
      const bindings = bindingsOf(ids, this.bind);
      const element = exportNode(clean, this.site(ids, place, bindings), bindings, {
        find: (code, message, fix) => this.find(place, code, message, fix),
      });
      if (isGroup(node)) element.children.push(...this.nodes(node.steps, place.path, `${place.pointer}/steps`));
      return element;
    });
  }

  root({ spec }: ExportedDocument, nodes: readonly XmlElement[]): XmlElement {
    const written = writeRoot(spec, this.dialect, this.variables(spec), referenceList(spec.steps, this.bind));
    const original = originalOf(spec.annotations);
    return original ? overlayRoot(written, original, nodes) : { ...written, children: [...written.children, ...nodes] };
  }

  /** The node as it may leave: secrets taken out and listed. Annotations have none. */
  private withoutSecrets<Node extends SequenceNode>(node: Node, place: FindingPlace): Node {
    const { annotations } = node;
    const shallow = isGroup(node) ? { ...bare(node), steps: [] } : bare(node);
    const opened: SequenceNode = isStep(shallow) ? this.withoutSecretSettings(shallow, place) : shallow;
    const clean = this.secrets.scrub(opened, place, 'a field') as Node;
    return annotations === undefined ? clean : { ...clean, annotations };
  }

  private withoutSecretSettings(node: StepNode, place: FindingPlace): StepNode {
    if (!node.settings) return node;
    const settings: Record<string, unknown> = { ...node.settings };
    for (const path of stepDefinition(node.type)?.secretSettings ?? []) {
      const [setting = '', inner] = path.split('.');
      const holder = inner === undefined ? settings : { ...(settings[setting] as Record<string, unknown> | undefined) };
      const value = holder[inner ?? setting];
      if (typeof value !== 'string') continue;
      delete holder[inner ?? setting];
      if (inner !== undefined) settings[setting] = holder;
      if (!isNoSecret(value)) this.secrets.secret(place, `setting "${path}"`, undefined, value);
    }
    const { name, value, secret } = settings;
    if (node.type === 'SetTaskSequenceVariable' && typeof name === 'string' && typeof value === 'string')
      if ((secret === true || isSecretName(name) || isAlwaysSecret(name)) && !isNoSecret(value)) {
        this.secrets.secret(place, `value of the variable ${name}`, name, value);
        settings['value'] = `%${name}%`;
      }
    if (node.type === 'SetDynamicVariables' && Array.isArray(settings['rules']))
      settings['rules'] = (settings['rules'] as { set?: unknown }[]).map((rule) =>
        this.withoutSecretValues(rule, place),
      );
    return { ...node, settings };
  }

  private withoutSecretValues(rule: { set?: unknown }, place: FindingPlace): unknown {
    if (!Array.isArray(rule.set)) return rule;
    const set = (rule.set as { name: string; value: string; secret?: boolean }[]).map((one) => {
      if ((one.secret !== true && !isSecretName(one.name)) || isNoSecret(one.value)) return one;
      this.secrets.secret(place, `value of the variable ${one.name}`, one.name, one.value);
      return { ...one, value: `%${one.name}%` };
    });
    return { ...rule, set };
  }

  private variables({ variables = {} }: SequenceSpec): [string, string][] {
    const place = { path: '', pointer: '/spec/variables', line: 0 };
    return Object.entries(variables).flatMap(([name, value]): [string, string][] => {
      if ((isSecretName(name) || isAlwaysSecret(name)) && !isNoSecret(value)) {
        this.secrets.secret(place, `value of the variable ${name}`, name, value);
        return [];
      }
      return [[name, this.secrets.scrub(value, place, `the variable ${name}`)]];
    });
  }

  private site(ids: Readonly<Record<string, string>>, place: FindingPlace, bindings: Map<string, string>): OtherSite {
    return {
      dialect: this.dialect,
      idOf: (kind, name) => {
        if (name.includes('%')) return name;
        const bound = this.bind.get(name);
        if (bound !== undefined) this.usedBindings.add(name);
        const id = bound ?? (Object.hasOwn(ids, name) ? ids[name] : undefined);
        if (id !== undefined) return NO_IDS.has(id) ? undefined : id;
        if (!this.unbound.has(name))
          this.find(
            place,
            'export.reference-unbound',
            `nothing says what the ${kind} "${name}" is called there; its name here is written`,
            `--bind ${name}=ID`,
          );
        this.unbound.add(name);
        // Said above: read back, it is the same name.
        if (!bindings.has(name.toLowerCase())) bindings.set(name.toLowerCase(), name);
        return name;
      },
    };
  }

  private find({ path, pointer }: FindingPlace, code: string, message: string, fix?: string): void {
    this.findings.push({ code, path, pointer, message, ...(fix === undefined ? {} : { fix }) });
  }
}

/** Ids by which an exported node is read back, in lower case. */
function bindingsOf(ids: Readonly<Record<string, string>>, bind: ReadonlyMap<string, string>): Map<string, string> {
  const bindings = new Map<string, string>();
  for (const [name, id] of [...bind, ...Object.entries(ids)]) {
    bindings.set(id.toLowerCase(), name);
    // A name that nothing is known of is written as it is.
    if (!bindings.has(name.toLowerCase())) bindings.set(name.toLowerCase(), name);
  }
  return bindings;
}
