import { writeProblem, type Belonging } from '@muster/hierarchy/data-classes.js';
import type { Site } from '@muster/hierarchy/sites.js';
import type { Queryable } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { HierarchyRepository } from './hierarchy.repository.js';

/** A site's kind hardly ever changes: what was read is believed for so long. */
const BELIEVED_MILLISECONDS = 2_000;

/** Refuses writes that do not belong at this site, whatever door they come through: nobody would take them over from it. */
export class WriteGuard {
  private readonly sites = new HierarchyRepository();
  private known: { own: Site | undefined; until: number } | undefined;

  constructor(private readonly here: string) {}

  /** @throws MusterError `hierarchy.written-above` */
  async check(database: Queryable, belonging: Belonging): Promise<void> {
    if (belonging.dataClass !== 'global') return;
    const now = performance.now();
    if (!this.known || this.known.until < now) {
      const { own } = await this.sites.read(database, this.here);
      this.known = { own, until: now + BELIEVED_MILLISECONDS };
    }
    const { own } = this.known;
    const problem = own && writeProblem(belonging, own);
    if (problem === undefined) return;
    throw new MusterError(
      'conflict',
      'hierarchy.written-above',
      `This cannot be written here: ${problem}. What is written there comes here by itself`,
    );
  }
}
