import { intakeProblem, REPLICATED_KINDS, travels, type Belonging } from '@muster/hierarchy/data-classes.js';
import {
  comparePositions,
  judgeReader,
  NEW_READER,
  readerGiven,
  START,
  type Position,
  type Reader,
  type ReadingPlace,
} from '@muster/hierarchy/link.js';
import {
  lostWriteKey,
  lostWriteReplica,
  mergeReplica,
  writeReplica,
  type LostWrite,
  type Replica,
} from '@muster/hierarchy/replica.js';
import type { Site } from '@muster/hierarchy/sites.js';

/** One object in the database of a simulated site. */
export interface StoredObject extends Belonging {
  readonly kind: string;
  readonly key: string;
  readonly replica: Replica;
  readonly position: Position;
  /** The site that sent exactly this; nobody after a write or a merge of its own. */
  readonly via?: string | undefined;
}

/** Everything that survives a crash: what a backup holds. */
export interface Disk {
  readonly objects: Map<string, StoredObject>;
  /** How far this site has read the feed of each neighbour. */
  readonly cursors: Map<string, ReadingPlace>;
  readonly readers: Map<string, Reader>;
  /** Of this site's feed. */
  life: string;
  former: readonly string[];
  nextTransaction: number;
  nextSequence: number;
}

export interface Question extends ReadingPlace {
  readonly from: string;
}

export interface Answer {
  readonly from: string;
  readonly asked: ReadingPlace;
  readonly life: string;
  readonly upto: Position;
  readonly beginAnew: boolean;
  readonly objects: readonly Omit<StoredObject, 'position' | 'via'>[];
}

/** A transaction that has its number and has not committed: its writes are invisible, and hold the feed back. */
interface OpenTransaction {
  readonly transaction: number;
  readonly commit: () => void;
}

const BEGINNING: ReadingPlace = { life: null, after: START };

const emptyDisk = (): Disk => ({
  objects: new Map(),
  cursors: new Map(),
  readers: new Map(),
  life: 'first',
  former: [],
  nextTransaction: 1,
  nextSequence: 1,
});

/** A site of the simulation: the real decisions of the hierarchy over a database that is a map. */
export class SimulatedSite {
  disk = emptyDisk();
  /** Milliseconds that its clock is ahead. */
  skewMilliseconds = 0;
  private open: OpenTransaction[] = [];

  constructor(
    readonly site: Site,
    private readonly sites: ReadonlyMap<string, Site>,
    private readonly batch: number,
    private readonly random: () => number,
  ) {}

  /**
   * Begins a write; it counts from `commit` on. A crash in between forgets it.
   *
   * @param owner of site data; another site than this one where people write what belongs below
   */
  begin(
    kind: keyof typeof REPLICATED_KINDS,
    key: string,
    content: string | null,
    now: number,
    owner = this.site.code,
  ): () => Replica | undefined {
    const transaction = this.disk.nextTransaction++;
    let written: Replica | undefined;
    const open: OpenTransaction = {
      transaction,
      commit: () => {
        const name = `${kind}/${key}`;
        const replica = writeReplica(this.disk.objects.get(name)?.replica, content, {
          site: this.site.code,
          nowMilliseconds: now + this.skewMilliseconds,
          chance: this.random(),
        });
        const dataClass = REPLICATED_KINDS[kind];
        const of = dataClass === 'site' ? owner : undefined;
        this.store({ kind, key, dataClass, owner: of, replica }, transaction, undefined);
        written = replica;
      },
    };
    this.open.push(open);
    return () => {
      if (!this.open.includes(open)) return undefined;
      open.commit();
      this.open = this.open.filter((one) => one !== open);
      return written;
    };
  }

  /** What is in memory is gone, and with it what had not committed. */
  crash(): void {
    this.open = [];
  }

  backup(): Disk {
    return copyDisk(this.disk);
  }

  /** The database is that of an earlier day. Transaction numbers of then are given again. */
  restore(disk: Disk): void {
    this.crash();
    this.disk = copyDisk(disk);
  }

  ask(neighbour: string): Question {
    return { from: this.site.code, ...(this.disk.cursors.get(neighbour) ?? BEGINNING) };
  }

  answer(question: Question): Answer {
    const to = this.sites.get(question.from)!;
    const settled = this.settledObjects();
    const head = { transaction: this.disk.nextTransaction, sequence: this.disk.nextSequence };
    const feed = { life: this.disk.life, former: this.disk.former, head };
    const judged = judgeReader(this.disk.readers.get(to.code) ?? NEW_READER, question, feed);
    const answer = { from: this.site.code, asked: question, upto: START, objects: [] };
    if (judged.restored) {
      const { life } = this.disk;
      this.disk.former = [...this.disk.former, life, ...(question.life === life ? [] : [question.life!])];
      this.disk.life = String(this.random());
      this.disk.cursors.clear();
      this.disk.readers.clear();
    }
    this.disk.readers.set(to.code, judged.reader);
    if (judged.beginAnew) return { ...answer, life: this.disk.life, beginAnew: true };
    const next = settled.filter((one) => comparePositions(one.position, question.after) > 0).slice(0, this.batch);
    const upto = next.at(-1)?.position ?? question.after;
    this.disk.readers.set(to.code, readerGiven(judged.reader, upto));
    const objects = next.filter(
      (one) =>
        travels(one, this.site, to, this.sites) &&
        (one.via !== to.code || comparePositions(one.position, judged.reader.everythingUntil) <= 0),
    );
    return {
      ...answer,
      life: this.disk.life,
      upto,
      beginAnew: false,
      objects: objects.map(({ kind, key, dataClass, owner, replica }) => ({ kind, key, dataClass, owner, replica })),
    };
  }

  /** Takes in an answer. One that does not continue where this site stands is of no use. */
  take(answer: Answer): void {
    const { life, after } = this.disk.cursors.get(answer.from) ?? BEGINNING;
    if (life !== answer.asked.life || comparePositions(after, answer.asked.after) !== 0) return;
    if (answer.beginAnew) {
      this.disk.cursors.set(answer.from, { life: answer.life, after: START });
      return;
    }
    const transaction = this.disk.nextTransaction++;
    const from = this.sites.get(answer.from)!;
    for (const object of answer.objects) {
      const writer = object.replica.version.site;
      const problem = intakeProblem(object, object, writer, from, this.site, this.sites);
      if (problem) throw new Error(`site ${this.site.code} was sent what it must not have: ${problem}`);
      this.merge(object, transaction, from.code);
    }
    this.disk.cursors.set(answer.from, { life: answer.life, after: answer.upto });
  }

  private merge(object: Omit<StoredObject, 'position' | 'via'>, transaction: number, via: string): void {
    const { kind, key, dataClass, owner } = object;
    const merged = mergeReplica(this.disk.objects.get(`${kind}/${key}`)?.replica, object.replica);
    if (merged.changed !== 'nothing') {
      const asSent = merged.replica.version === object.replica.version && sameKeys(merged.replica, object.replica);
      this.store({ kind, key, dataClass, owner, replica: merged.replica }, transaction, asSent ? via : undefined);
    }
    if (merged.lost) this.record(kind, key, merged.lost, transaction);
  }

  private record(kind: string, key: string, lost: LostWrite, transaction: number): void {
    const name = lostWriteKey(kind, key, lost.version);
    const current = this.disk.objects.get(`Conflict/${name}`)?.replica;
    const { replica, changed } = mergeReplica<unknown>(current, lostWriteReplica(lost));
    if (changed !== 'nothing') {
      this.store({ kind: 'Conflict', key: name, dataClass: 'global', replica }, transaction, undefined);
    }
  }

  private store(object: Omit<StoredObject, 'position'>, transaction: number, via: string | undefined): void {
    const position = { transaction, sequence: this.disk.nextSequence++ };
    this.disk.objects.set(`${object.kind}/${object.key}`, { ...object, position, via });
  }

  /** In the order of the feed, before the oldest open transaction. */
  private settledObjects(): StoredObject[] {
    const horizon = Math.min(...this.open.map(({ transaction }) => transaction), Number.MAX_SAFE_INTEGER);
    return [...this.disk.objects.values()]
      .filter(({ position }) => position.transaction < horizon)
      .sort((one, other) => comparePositions(one.position, other.position));
  }
}

function sameKeys(one: Replica, other: Replica): boolean {
  return JSON.stringify(Object.entries(one.seen).sort()) === JSON.stringify(Object.entries(other.seen).sort());
}

function copyDisk(disk: Disk): Disk {
  return {
    ...disk,
    objects: new Map(disk.objects),
    cursors: new Map(disk.cursors),
    readers: new Map(disk.readers),
  };
}
