import type { ApplicationSpec, ApplicationStatus } from '@muster/contracts/kinds/application.js';
import { type Digest, digestOf, sameJson } from '@muster/contracts/digest.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { applicationReferences } from '@muster/sequence/applications/application-references.js';
import { packagesOfApplications } from '@muster/sequence/applications/close-applications.js';
import type { ResourceRules } from '@muster/service/resources/resource-rules.js';
import { refuseMissing } from '../groups/missing-references.js';
import type { ContentUsesService } from '../uses/content-uses.service.js';
import { refuseUsed } from '../uses/refuse-used.js';
import type { ApplicationRepository } from './application.repository.js';
import { judgeApplication } from './judge-application.js';
import type { ApplicationRevisionRepository } from './revisions/application-revision.repository.js';
import { UNKNOWN_AUTHOR } from './revisions/unkept-revisions.js';

type ApplicationResource = Resource<ApplicationSpec, ApplicationStatus>;

/** What is special about applications: what they name exists, and does not lead back to them; and a revision for every change. */
export function applicationRules(
  database: Database,
  applications: ApplicationRepository,
  revisions: ApplicationRevisionRepository,
  uses: ContentUsesService,
): ResourceRules<ApplicationSpec, ApplicationStatus> {
  async function judge(tx: Transaction, name: string, spec: ApplicationSpec): Promise<ProblemFinding[]> {
    const references = applicationReferences(spec);
    const named = (how: 'content' | 'dependency' | 'supersedes') => [
      ...new Set(references.filter((one) => one.how === how).map((one) => one.name)),
    ];
    const known = await applications.findKnown(tx, named('content'), [...named('dependency'), ...named('supersedes')]);
    return judgeApplication(name, spec, known, {
      dependency: await applications.findBelow(tx, named('dependency'), 'dependency'),
      supersedes: await applications.findBelow(tx, named('supersedes'), 'supersedes'),
    });
  }

  /** The newest revision of what is there. A release that kept none leaves it to whoever saves next. */
  async function revisionOf(
    tx: Transaction,
    current: ApplicationResource,
  ): Promise<{ revision: number; digest: Digest }> {
    const { revision, digest } = current.status;
    if (revision !== undefined && digest !== undefined) return { revision, digest };
    return { revision: await revisions.nextNumber(tx, current.metadata.uid), digest: digestOf(current.spec) };
  }

  return {
    async status(tx, { spec }, current) {
      const digest = digestOf(spec);
      const before = current && (await revisionOf(tx, current));
      return {
        revision: (before?.revision ?? 0) + (before?.digest === digest ? 0 : 1),
        digest,
        deploymentTypes: spec.deploymentTypes.length,
        packages: packagesOfApplications([spec]),
      };
    },

    async saved(tx, { metadata, spec, status }, previous, author, comment) {
      const { uid } = metadata;
      const before = previous && (await revisionOf(tx, previous));
      if (previous && before && !isKept(previous))
        await revisions.add(tx, { uid, ...before, spec: previous.spec, author: UNKNOWN_AUTHOR });
      const { revision, digest } = status;
      if (revision !== undefined && digest !== undefined && revision !== before?.revision)
        await revisions.add(tx, { uid, revision, digest, spec, author, comment });
      // Who only changes a label is not asked to mend what somebody else deleted.
      if (previous && sameJson(previous.spec, spec)) return;
      await applications.lockGraph(tx);
      refuse(metadata.name, await judge(tx, metadata.name, spec));
      await applications.setReferences(tx, metadata.uid, applicationReferences(spec));
    },

    async savedBy(tx, { metadata: { uid }, status: { revision } }) {
      return revision === undefined ? undefined : revisions.savedBy(tx, uid, revision);
    },

    async unused({ metadata }) {
      refuseUsed(await uses.find('Application', metadata.name));
    },

    async derive(resources) {
      const uids = resources.map(({ metadata }) => metadata.uid);
      const dangling = await applications.findDangling(database, uids);
      return resources.map((resource) => {
        const danglingReferences = dangling.get(resource.metadata.uid);
        return danglingReferences ? { ...resource, status: { ...resource.status, danglingReferences } } : resource;
      });
    },
  };
}

function isKept({ status }: ApplicationResource): boolean {
  return status.digest !== undefined;
}

function refuse(name: string, findings: readonly ProblemFinding[]): void {
  const [first] = findings;
  if (!first) return;
  if (findings.every(({ code }) => code === 'content.missing-reference')) refuseMissing('Application', name, findings);
  const worst = findings.find(({ code }) => code !== 'content.missing-reference') ?? first;
  const more = findings.length > 1 ? ` (and ${findings.length - 1} more)` : '';
  throw new MusterError(
    'invalid',
    worst.code,
    `Application "${name}" could not be installed: ${worst.path}: ${worst.message}${more}`,
    { findings: [...findings] },
  );
}
