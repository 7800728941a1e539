import type { DeploymentSpec } from '@muster/contracts/kinds/deployment.js';
import { contentReferenceSchema } from '@muster/contracts/kinds/content-reference.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { readSequence, type SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import { resolveContent } from '@muster/contracts/requests/resolve-content.js';
import { nameSchema, type ResourceInput } from '@muster/contracts/resource.js';
import type { Bus } from '@muster/messaging/bus.js';
import { MusterError } from '@muster/platform/errors.js';
import { collectReferences, FIRST_PROGRAM, type SequenceReference } from '@muster/sequence/references.js';

/** Something that enabled nodes name and that does not exist. */
interface Broken {
  readonly kind: SequenceReference['reference']['kind'];
  readonly name: string;
  /** The first node that names it, as `SEQUENCE: PATH`. */
  readonly place: string;
}

const ASKED_AT_ONCE = 200;
const MOST_TOLD = 20;

/**
 * Refuses to deploy a sequence that names what is not there (deployments.md section 2): child sequences, content and applications of
 * its enabled nodes, and of those of its children. Whether content is at a distribution point is not asked: it may come later.
 *
 * @throws MusterError `deployment.broken-reference` (409) with one finding for each; when the catalog or the content service does not answer
 */
export async function refuseBrokenReferences(
  bus: Bus,
  { metadata, spec }: ResourceInput<DeploymentSpec>,
  sequence: SequenceRevision,
): Promise<void> {
  const broken = await findBroken(bus, sequence);
  const [first] = broken;
  if (!first) return;
  const findings: ProblemFinding[] = broken.slice(0, MOST_TOLD).map(({ kind, name, place }) => ({
    path: '/spec/sequence',
    code: 'deployment.broken-reference',
    severity: 'error',
    message: `${place} names ${kind} "${name}", and there is none`,
    fix: `Apply ${kind} "${name}" first, or disable or correct the node`,
  }));
  const more = broken.length > 1 ? ` (and ${broken.length - 1} more)` : '';
  const what = `Deployment "${metadata.name}": sequence "${spec.sequence}" cannot be deployed: ${findings[0]!.message}${more}. ${findings[0]!.fix}`;
  throw new MusterError('conflict', 'deployment.broken-reference', what, { findings });
}

async function findBroken(bus: Bus, sequence: SequenceRevision): Promise<Broken[]> {
  const broken: Broken[] = [];
  const named = new Map<string, Broken>();
  const known = new Map<string, SequenceRevision>([[sequence.name, sequence]]);
  for (const revision of known.values()) {
    for (const { reference, disabled, path } of collectReferences(revision.spec)) {
      const { kind, name } = reference;
      // What a child would run first does not run.
      const idle = disabled || (path === FIRST_PROGRAM && revision !== sequence);
      if (idle || named.has(`${kind} ${name}`)) continue;
      const place = `${revision.name}: ${path}`;
      named.set(`${kind} ${name}`, { kind, name, place });
      if (kind !== 'TaskSequence' || known.has(name)) continue;
      const child = nameSchema.safeParse(name).success ? (await bus.request(readSequence, { name })).sequence : null;
      if (child) known.set(name, child);
      else broken.push({ kind, name, place });
    }
  }
  const others = [...named.values()].filter(({ kind }) => kind !== 'TaskSequence');
  for (let at = 0; at < others.length; at += ASKED_AT_ONCE) {
    const some = others.slice(at, at + ASKED_AT_ONCE);
    const there = await existing(bus, some);
    broken.push(...some.filter(({ kind, name }) => !there.has(`${kind} ${name}`)));
  }
  return broken;
}

/** Those of them that exist, as `KIND NAME`. Names that nothing can have are not asked for. */
async function existing(bus: Bus, asked: readonly Broken[]): Promise<Set<string>> {
  const there = new Set<string>();
  const contents = asked.flatMap(({ kind, name }) => contentReferenceSchema.safeParse({ kind, name }).data ?? []);
  let applications = asked
    .filter(({ kind, name }) => kind === 'Application' && nameSchema.safeParse(name).success)
    .map(({ name }) => name);
  if (contents.length > 0) {
    const found = await bus.request(resolveContent, { packages: [], contents });
    for (const { kind, name, exists } of found.contents ?? []) if (exists) there.add(`${kind} ${name}`);
  }
  // An answer has as many of their documents as fit into it.
  while (applications.length > 0) {
    const answer = await bus.request(resolveContent, { packages: [], applications });
    const answered = answer.applications ?? [];
    for (const { name, spec } of answered) if (spec) there.add(`Application ${name}`);
    const left = applications.filter((name) => !answered.some((one) => one.name === name));
    if (left.length === applications.length) break;
    applications = left;
  }
  return there;
}
