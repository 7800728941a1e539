import type { MeantFor } from '@muster/contracts/agent/meant-for.js';
import { POLICY_BODY_BYTES, type PolicyBody } from '@muster/contracts/agent/policy.js';
import { canonicalJson, digestOfBytes, type Digest } from '@muster/contracts/digest.js';
import { contentKey } from '@muster/contracts/kinds/content-reference.js';
import { hasProgramSettings } from '@muster/contracts/kinds/package.js';
import { nameSchema } from '@muster/contracts/resource.js';
import type { SequenceRevision } from '@muster/contracts/requests/read-sequence.js';
import type { ContentKind, ContentReference } from '@muster/contracts/kinds/content-reference.js';
import type { ResolvedContent, ResolvedReference } from '@muster/contracts/requests/resolve-content.js';
import { packagesOfApplications } from '@muster/sequence/applications/close-applications.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { sealedSecretNames } from '@muster/sequence/edit/sealed-reference.js';
import { compilePlan } from '@muster/sequence/plan.js';
import { collectReferences, FIRST_PROGRAM } from '@muster/sequence/references.js';
import { NO_APPLICATIONS, type Applications } from './collect-applications.js';
import type { Children } from './collect-children.js';
import { eachOnce } from './content-questions.js';

/** How messages call a kind. */
const KIND_WORDS: Readonly<Record<ContentKind, string>> = {
  Package: 'package',
  OsImage: 'OS image',
  UpgradePackage: 'upgrade package',
  BootImage: 'boot image',
  DriverPackage: 'driver package',
};

/** What a run may need besides packages. */
export interface MoreNeeds {
  readonly others?: readonly ResolvedReference[] | undefined;
  readonly applications?: Applications | undefined;
  /** Devices fetch its content before anybody asks, as far as it is meant for them. */
  readonly fetchAhead?: boolean | undefined;
}

/** What became of compiling one deployment. */
export type Outcome =
  | {
      readonly kind: 'compiled';
      readonly digest: Digest;
      readonly bytes: string;
      readonly manifests: Digest[];
      /** Its programs say where, and on what computers, they run. */
      readonly programSettings: boolean;
      /** Sealed secrets of its steps, by the names that stand for them. */
      readonly secrets: Readonly<Record<string, string>>;
    }
  | Blocked
  /** Devices shall hear nothing of it. */
  | { readonly kind: 'withdrawn'; readonly code: string; readonly reason: string };

/** Something is missing that may come, or wrong and may be corrected: looked at again when it does. */
export interface Blocked {
  readonly kind: 'blocked';
  readonly code: string;
  readonly reason: string;
  /** Devices must not begin what they were told before either. */
  readonly suspends: boolean;
}

/**
 * The content that enabled steps of these sequences and these applications need, by kind and name, each once. The first sequence is
 * the one that is deployed: what children would run first does not run.
 */
export function neededContent(
  specs: readonly SequenceSpec[],
  { documents }: Applications = NO_APPLICATIONS,
): ContentReference[] {
  const ofSteps = specs
    .flatMap((spec, index) => collectReferences(spec).filter(({ path }) => index === 0 || path !== FIRST_PROGRAM))
    .filter(({ disabled }) => !disabled)
    .map(({ reference: { kind, name } }) => ({ kind, name }))
    .filter((one): one is ContentReference => one.kind !== 'Application' && one.kind !== 'TaskSequence');
  const ofApplications = packagesOfApplications(documents.values()).map((name) => ({ kind: 'Package' as const, name }));
  return eachOnce([...ofSteps, ...ofApplications]);
}

/** @param digest of a sequence revision that the catalog does not have */
export function unknownSequence(digest: string): Blocked {
  return blocked('policy.sequence-unknown', `the catalog has no sequence revision ${digest}`);
}

/** What can be said before anything else is asked about; undefined: go on. */
export function judgeSequence({ name, spec }: SequenceRevision): Outcome | undefined {
  if (spec.enabled !== false) return undefined;
  return { kind: 'withdrawn', code: 'sequence.disabled', reason: `sequence "${name}" is disabled` };
}

/** Whether a sequence and its children make a run. The engine decides, as it will on the device; undefined: they do. */
export function judgeChildren(sequence: SequenceRevision, children: Children): Blocked | undefined {
  if (children.tooLarge) return tooLarge(sequence.name);
  const missing = [...children.revisions].find(([, revision]) => revision === null)?.[0];
  const { problem } = compilePlan(sequence.name, sequence.spec, childSpecs(children));
  if (!problem) return undefined;
  if (problem.code === 'sequence.child-missing' && missing !== undefined) {
    return blocked(problem.code, `child sequence "${missing}" does not exist`);
  }
  return { ...blocked(problem.code, problem.message), suspends: problem.code === 'sequence.child-disabled' };
}

/** The specs of the children that exist, by name. */
export function childSpecs({ revisions }: Children): Record<string, SequenceSpec> {
  return Object.fromEntries([...revisions].flatMap(([name, revision]) => (revision ? [[name, revision.spec]] : [])));
}

/** The body of a sequence, its children, and the content and applications that they need: the same input gives the same bytes. */
export function buildBody(
  sequence: SequenceRevision,
  children: Children,
  contents: readonly ResolvedContent[],
  { others = [], applications = NO_APPLICATIONS, fetchAhead = false }: MoreNeeds = {},
): Outcome {
  if (applications.tooLarge) return tooLarge(sequence.name);
  const missing = [...applications.documents].find(([, document]) => document === null)?.[0];
  if (missing !== undefined) return blocked('policy.application-missing', `application "${missing}" does not exist`);
  const byName = new Map(contents.map((content) => [content.name, content]));
  const packages: PolicyBody['packages'] = {};
  const needed = neededContent([sequence.spec, ...Object.values(childSpecs(children))], applications);
  for (const { kind, name } of needed) {
    if (kind !== 'Package') continue;
    const content = byName.get(name);
    if (!content?.exists || !nameSchema.safeParse(name).success) {
      return blocked('policy.package-missing', `package "${name}" does not exist`);
    }
    if (!content.distributed) {
      return blocked(
        'policy.package-not-distributed',
        `package "${name}" is not available at any distribution point yet`,
      );
    }
    const { version, manifest } = content.distributed;
    packages[name] = { version, manifest, programs: content.programs, ...meantForOf(content, fetchAhead) };
  }
  const files = otherContents(needed, others, fetchAhead);
  if ('kind' in files) return files;
  const revisions = [sequence, ...children.revisions.values()].filter((revision) => revision !== null);
  const secrets = Object.assign({}, ...revisions.map((revision) => revision.secrets ?? {})) as Record<string, string>;
  const unknown = revisions.find(({ spec }) => sealedSecretNames(spec).some((name) => !Object.hasOwn(secrets, name)));
  if (unknown) {
    return blocked(
      'policy.secret-unknown',
      `a secret of sequence "${unknown.name}" is not there any more: write it again`,
    );
  }
  const body: PolicyBody = {
    version: 1,
    sequence: { name: sequence.name, digest: sequence.digest, spec: sequence.spec },
    ...bodyChildren(children),
    packages,
    ...files.body,
    ...bodyApplications(applications),
  };
  const bytes = canonicalJson(body);
  if (Buffer.byteLength(bytes) > POLICY_BODY_BYTES) return tooLarge(sequence.name);
  const manifests = [...new Set([...Object.values(packages).map(({ manifest }) => manifest), ...files.manifests])];
  const programSettings = Object.values(packages).some(({ programs }) =>
    Object.values(programs).some(hasProgramSettings),
  );
  return { kind: 'compiled', digest: digestOfBytes(bytes), bytes, manifests, programSettings, secrets };
}

/** What is no package, as {@link PolicyBody} has it. No field at all where there is none. */
function otherContents(
  needed: readonly ContentReference[],
  resolved: readonly ResolvedReference[],
  fetchAhead: boolean,
): Blocked | { body: Pick<PolicyBody, 'contents'>; manifests: Digest[] } {
  const known = new Map(resolved.map((one) => [contentKey(one), one]));
  const contents: NonNullable<PolicyBody['contents']> = {};
  const manifests: Digest[] = [];
  for (const { kind, name } of needed) {
    if (kind === 'Package') continue;
    const content = known.get(contentKey({ kind, name }));
    if (!content?.exists) return blocked('policy.content-missing', `${KIND_WORDS[kind]} "${name}" does not exist`);
    if (!content.distributed) {
      const reason = `${KIND_WORDS[kind]} "${name}" is not available at any distribution point yet`;
      return blocked('policy.content-not-distributed', reason);
    }
    const { version, manifest } = content.distributed;
    (contents[kind] ??= {})[name] = { version, manifest, ...meantForOf(content, fetchAhead) };
    manifests.push(manifest);
  }
  return { body: manifests.length === 0 ? {} : { contents }, manifests };
}

/** Where nothing is fetched ahead nobody asks for it, and the bytes of the body are the same as without. */
function meantForOf({ meantFor }: Pick<ResolvedContent, 'meantFor'>, fetchAhead: boolean): { meantFor?: MeantFor } {
  return fetchAhead && meantFor ? { meantFor } : {};
}

/** Of a superseded application only its document and packages come along: nothing else of it is installed. */
function bodyApplications({ documents }: Applications): Pick<PolicyBody, 'applications'> {
  if (documents.size === 0) return {};
  return { applications: Object.fromEntries([...documents].flatMap(([name, one]) => (one ? [[name, one]] : []))) };
}

/** No field at all without children: such bodies stay what they were before there were any. */
function bodyChildren({ revisions }: Children): Pick<PolicyBody, 'children'> {
  if (revisions.size === 0) return {};
  const entries = [...revisions].flatMap(([name, revision]) =>
    revision ? [[name, { digest: revision.digest, spec: revision.spec }] as const] : [],
  );
  return { children: Object.fromEntries(entries) };
}

function tooLarge(name: string): Blocked {
  const most = POLICY_BODY_BYTES / 1024 / 1024;
  return blocked(
    'policy.body-too-large',
    `with its children the policy of sequence "${name}" has more than ${most} MB`,
  );
}

function blocked(code: string, reason: string): Blocked {
  return { kind: 'blocked', code, reason, suspends: false };
}
