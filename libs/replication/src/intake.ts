import { linkEntrySchema, type LinkEntry, type PullAnswer } from '@muster/contracts/links/link-messages.js';
import { intakeProblem, isWrittenByPeople, type Belonging } from '@muster/hierarchy/data-classes.js';
import { comparePositions, START } from '@muster/hierarchy/link.js';
import { lostWriteKey, lostWriteReplica, mergeReplica, type LostWrite } from '@muster/hierarchy/replica.js';
import { sameSeen } from '@muster/hierarchy/version.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { Hierarchy } from './hierarchy.repository.js';
import { LinkRepository } from './link.repository.js';
import { ProblemRepository } from './problem.repository.js';
import { PuttingToUse } from './putting-to-use.js';
import type { ReplicaLog } from './replica-log.js';
import { received, ReplicaRepository, type ReplicaName, type StoredReplica } from './replica.repository.js';
import type { ReplicatedKind } from './replicated-kind.js';

/** Objects of a problem that are tried again in one transaction. */
const TRIED_AT_ONCE = 100;
/** Kind of the records of writes that lost against another one. */
export const CONFLICT = 'Conflict';

/** Takes in what neighbours send, in one transaction with the position: merged, put to use, or put aside. */
export class Intake {
  private readonly replicas = new ReplicaRepository();
  private readonly links = new LinkRepository();
  private readonly problems = new ProblemRepository();
  private readonly puttingToUse: PuttingToUse;

  constructor(
    private readonly database: Database,
    private readonly log: ReplicaLog,
    kinds: readonly ReplicatedKind[],
    private readonly report: {
      parked(peer: string, error: string): void;
      waiting(name: ReplicaName, error: unknown): void;
    },
  ) {
    this.puttingToUse = new PuttingToUse(kinds, (name, error) => report.waiting(name, error));
  }

  /** Applies an answer once; one that does not continue where this site stands changes nothing. Returns whether it did. */
  async take(answer: PullAnswer, hierarchy: Hierarchy): Promise<boolean> {
    return this.database.transaction(async (tx) => {
      const { asked, from, life } = answer;
      const place = await this.links.placeInTurn(tx, from);
      if (place.life !== asked.life || comparePositions(place.after, asked.after) !== 0) return false;
      if (!answer.beginAnew) await this.merge(tx, answer.entries, from, hierarchy);
      // The last write: until now the row was free.
      await this.links.movePlace(tx, from, place, { life, after: answer.beginAnew ? START : answer.upto });
      return true;
    });
  }

  /** Merges entries outside the feed: what a comparison found. Returns how many objects changed here. */
  async repair(entries: readonly unknown[], from: string, hierarchy: Hierarchy): Promise<number> {
    return this.database.transaction((tx) => this.merge(tx, entries, from, hierarchy));
  }

  /** Tries objects again that could not be put to use. Returns how many could be now. */
  async retry(): Promise<number> {
    return this.database.transaction(async (tx) => {
      const names = await this.problems.oldest(tx, this.puttingToUse.kindNames, TRIED_AT_ONCE);
      if (names.length === 0) return 0;
      const found = await this.replicas.findMany(tx, names);
      const objects = names.flatMap(({ kind, key }) => found.get(`${kind}/${key}`) ?? []);
      const used = await this.puttingToUse.use(tx, objects);
      if (used.length > 0) this.log.wakeAfter(tx);
      return used.length;
    });
  }

  private async merge(tx: Transaction, sent: readonly unknown[], from: string, hierarchy: Hierarchy): Promise<number> {
    const entries = await this.acceptable(tx, sent, from, hierarchy);
    if (entries.length === 0) return 0;
    const before = await this.replicas.findMany(tx, entries);
    const now = new Map<string, StoredReplica>();
    const changed: StoredReplica[] = [];
    const lost: { name: ReplicaName & Belonging; write: LostWrite }[] = [];
    for (const entry of entries) {
      const name = `${entry.kind}/${entry.key}`;
      const incoming = received(entry, from);
      const merged = mergeReplica(now.get(name)?.replica ?? before.get(name)?.replica, incoming.replica);
      if (merged.lost) lost.push({ name: { ...entry, ...belonging(entry) }, write: merged.lost });
      if (merged.changed === 'nothing') continue;
      const asSent = merged.changed === 'content' && sameSeen(merged.replica.seen, incoming.replica.seen);
      const object = { ...incoming, replica: merged.replica, via: asSent ? from : undefined };
      now.set(name, object);
      if (merged.changed === 'content') changed.push(object);
    }
    const records = await this.conflictRecords(tx, lost, before, now);
    const latest = changed.filter((object) => now.get(`${object.kind}/${object.key}`) === object);
    await this.puttingToUse.use(tx, latest);
    const saved = [...now.values(), ...records];
    if (saved.length > 0) {
      await this.replicas.save(tx, saved, before);
      this.log.wakeAfter(tx);
    }
    return latest.length;
  }

  /** Those entries that are what they should be, from a site that may send them. The others are parked. */
  private async acceptable(
    tx: Transaction,
    sent: readonly unknown[],
    from: string,
    hierarchy: Hierarchy,
  ): Promise<LinkEntry[]> {
    const accepted: LinkEntry[] = [];
    const neighbour = hierarchy.sites.get(from);
    const { own } = hierarchy;
    if (!neighbour || !own) return accepted;
    for (const one of sent) {
      const parsed = linkEntrySchema.safeParse(one);
      const problem = parsed.success
        ? intakeProblem(parsed.data, belonging(parsed.data), parsed.data.site, neighbour, own, hierarchy.places)
        : parsed.error.message;
      if (parsed.success && problem === undefined) {
        accepted.push(parsed.data);
        continue;
      }
      const position = linkEntrySchema.shape.position.safeParse((one as { position?: unknown } | null)?.position);
      await this.problems.park(tx, from, position.data ?? START, one, problem ?? 'not an entry');
      tx.afterCommit(() => this.report.parked(from, problem ?? 'not an entry'));
    }
    return accepted;
  }

  private async conflictRecords(
    tx: Transaction,
    lost: readonly { name: ReplicaName & Belonging; write: LostWrite }[],
    before: Map<string, StoredReplica>,
    now: ReadonlyMap<string, StoredReplica>,
  ): Promise<StoredReplica[]> {
    const records = lost
      .filter(({ name }) => name.kind !== CONFLICT && isWrittenByPeople(name.kind, name))
      .map(({ name, write }): StoredReplica => {
        const key = lostWriteKey(name.kind, name.key, write.version);
        return { kind: CONFLICT, key, dataClass: 'global', schemaVersion: 1, replica: lostWriteReplica(write) };
      })
      .filter(({ key }) => !now.has(`${CONFLICT}/${key}`));
    if (records.length === 0) return [];
    const known = await this.replicas.findMany(tx, records);
    for (const [name, object] of known) before.set(name, object);
    const fresh = records.filter(({ kind, key }) => !before.has(`${kind}/${key}`));
    return [...new Map(fresh.map((record) => [record.key, record])).values()];
  }
}

function belonging({ dataClass, owner }: LinkEntry) {
  return { dataClass, owner: owner ?? undefined };
}
