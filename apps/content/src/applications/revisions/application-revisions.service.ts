import type {
  ApplicationDifference,
  ApplicationRevision,
  ApplicationRevisionList,
} from '@muster/contracts/kinds/application-revision.js';
import { application, type ApplicationSpec, type ApplicationStatus } from '@muster/contracts/kinds/application.js';
import { API_VERSION, type Resource } from '@muster/contracts/resource.js';
import type { Database } from '@muster/persistence/database.js';
import { MusterError, parseInput } from '@muster/platform/errors.js';
import { changeResource } from '@muster/service/resources/change-resource.js';
import { decodePosition, encodePosition } from '@muster/service/resources/paging.js';
import type { WriteOptions } from '@muster/service/resources/resource-rules.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { ApplicationRevisionRepository } from './application-revision.repository.js';
import { changeLines, documentChanges } from './document-changes.js';

/** Reads, compares and brings back what was saved of applications before. */
export class ApplicationRevisionsService {
  constructor(
    private readonly database: Database,
    private readonly revisions: ApplicationRevisionRepository,
    private readonly store: ResourceStore<ApplicationSpec, ApplicationStatus>,
  ) {}

  /** A page of revisions, newest first. @throws MusterError `resource.not-found`, `request.bad-continue` */
  async list(name: string, page: { limit: number; continue?: string | undefined }): Promise<ApplicationRevisionList> {
    const [below = 2 ** 31 - 1] = decodePosition(page.continue, ['number']);
    const found = await this.revisions.page(this.database, name, below, page.limit + 1);
    if (found.length === 0 && page.continue === undefined) await this.store.get(name);
    const items = found.slice(0, page.limit);
    const last = items.at(-1);
    const more = found.length > page.limit && last;
    return { metadata: more ? { continue: encodePosition([last.revision]) } : {}, items };
  }

  /** @throws MusterError `resource.not-found`, `revision.not-found` */
  async get(name: string, revision: number): Promise<ApplicationRevision> {
    const found = await this.revisions.find(this.database, name, revision);
    if (found) return found;
    throw new MusterError(
      'not-found',
      'revision.not-found',
      `Application "${name}" has no revision ${revision}; its revisions are 1 to ${await this.newest(name)}`,
    );
  }

  /** What is different between two revisions; without `other` between one and the newest. Throws as {@link get}. */
  async compare(name: string, revision: number, other: number | undefined): Promise<ApplicationDifference> {
    const before = await this.get(name, revision);
    const after = await this.get(name, other ?? (await this.newest(name)));
    const changes = documentChanges(before.spec, after.spec);
    return { application: name, from: before.revision, to: after.revision, changes, lines: changeLines(changes) };
  }

  /**
   * Saves an old specification as a new revision; metadata stay as they are. The revision that is the newest already changes
   * nothing. Old specifications are checked by the rules of today.
   *
   * @throws MusterError as {@link get}, `resource.stale-version`, and what saving is refused with
   */
  async restore(
    name: string,
    revision: number,
    options: WriteOptions,
  ): Promise<Resource<ApplicationSpec, ApplicationStatus>> {
    const { spec } = await this.get(name, revision);
    const restored = `Restored revision ${revision}`;
    const comment = options.comment === undefined ? restored : `${restored}: ${options.comment}`;
    const document = { apiVersion: API_VERSION, kind: application.kind, spec };
    return changeResource(
      this.store,
      this.database,
      name,
      async ({ metadata }) =>
        parseInput(application, { ...document, metadata }, `Revision ${revision} of Application "${name}"`),
      { ...options, comment },
    );
  }

  private async newest(name: string): Promise<number> {
    return (await this.store.get(name)).status.revision ?? 1;
  }
}
