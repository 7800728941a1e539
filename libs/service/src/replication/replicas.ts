import type { Transaction } from '@muster/persistence/database.js';
import type { ReplicaLog } from '@muster/replication/replica-log.js';
import type { ReplicatedKind } from '@muster/replication/replicated-kind.js';

/** What of a service's objects other sites have too. Without a log the site has no link key and stands alone. */
export class Replicas {
  private readonly known: ReplicatedKind[] = [];

  constructor(
    readonly log: ReplicaLog | undefined,
    /** Code of this site. */
    readonly site: string,
  ) {}

  /** All kinds that were added: whole when the modules of the service are wired. */
  get kinds(): readonly ReplicatedKind[] {
    return this.known;
  }

  add(kind: ReplicatedKind): void {
    this.known.push(kind);
  }

  /** An object was written at this site, in this transaction; null: it was deleted. */
  async record(tx: Transaction, kind: ReplicatedKind, key: string, content: unknown): Promise<void> {
    await this.log?.record(tx, kind, key, content);
  }
}
