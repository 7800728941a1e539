import { REPLICATED_KINDS } from '@muster/hierarchy/data-classes.js';
import type { Site } from '@muster/hierarchy/sites.js';
import type { Replica } from '@muster/hierarchy/replica.js';
import { randomNumbers } from '../faults/random.js';
import { differences, lostWrites } from './judge.js';
import { SimulatedSite, type Answer, type Disk, type Question } from './simulated-site.js';

/** An acknowledged write: who wrote it knows that it happened. */
export interface Acknowledged {
  readonly at: string;
  /** When it was acknowledged, among backups: what happens in one millisecond has an order too. */
  readonly on: number;
  readonly kind: string;
  readonly key: string;
  readonly replica: Replica;
}

/** What one seed gave. `problems` is empty when everything held. */
export interface Simulated {
  readonly seed: number;
  readonly problems: readonly string[];
  readonly writes: number;
  readonly messages: number;
  readonly faults: Readonly<Record<string, number>>;
  /** Every event in order, for those who look for the reason of a problem. */
  readonly history: readonly string[];
}

interface Event {
  readonly at: number;
  readonly number: number;
  readonly run: () => void;
}

const SITES: readonly Site[] = [
  { code: 'CAS', kind: 'central' },
  { code: 'PR1', kind: 'primary', parent: 'CAS' },
  { code: 'PR2', kind: 'primary', parent: 'CAS' },
  { code: 'PR3', kind: 'primary', parent: 'CAS' },
  { code: 'SE1', kind: 'secondary', parent: 'PR1' },
];
const LINKS = SITES.flatMap(({ code, parent }) => (parent ? [[code, parent] as const] : []));
const PRIMARIES = SITES.flatMap(({ code, kind }) => (kind === 'primary' ? [code] : []));
const KEYS = ['lab', 'web', 'all-eu', 'pilot', 'kiosk'];
const TROUBLED_MILLISECONDS = 20_000;
const HEALING_MILLISECONDS = 25_000;
const DAY = 86_400_000;

/**
 * A whole hierarchy for a while, in virtual time: writes at all sites, and everything that may go wrong between and in them. Then
 * the faults end, and what must be true is looked at. The same seed gives the same history.
 */
export function simulate(seed: number): Simulated {
  return new Simulation(seed).run();
}

class Simulation {
  private readonly random: () => number;
  private readonly sites = new Map<string, SimulatedSite>();
  private readonly backups = new Map<string, { disk: Disk; on: number }>();
  private readonly cut = new Set<string>();
  private readonly down = new Set<string>();
  private readonly faults: Record<string, number> = {};
  private readonly history: string[] = [];
  private acknowledged: Acknowledged[] = [];
  private readonly forgotten: Acknowledged[] = [];
  private events: Event[] = [];
  private now = 100 * DAY;
  private eventNumber = 0;
  private moment = 0;
  private messages = 0;
  /** What the bus holds; a wiped bus delivers none of it. */
  private busAge = 0;
  /** How often each site was restored. A restore takes longer than anybody waits for an answer. */
  private readonly restores = new Map<string, number>();
  private troubled = true;

  constructor(private readonly seed: number) {
    this.random = randomNumbers(seed);
    const places = new Map(SITES.map((site) => [site.code, site]));
    for (const site of SITES)
      this.sites.set(site.code, new SimulatedSite(site, places, 1 + this.below(12), this.random));
  }

  run(): Simulated {
    const end = this.now + TROUBLED_MILLISECONDS;
    for (const [one, other] of LINKS)
      for (const pair of [
        [one, other],
        [other, one],
      ] as const)
        this.poll(...pair);
    this.later(this.below(100), () => this.write());
    this.later(this.below(500), () => this.fault());
    this.advance(end);
    this.troubled = false;
    this.cut.clear();
    this.down.clear();
    this.note('healed');
    this.advance(end + HEALING_MILLISECONDS);
    const all = [...this.sites.values()];
    const problems = [...differences(all), ...lostWrites(all, this.acknowledged, this.forgotten)];
    const { seed, faults, history, messages } = this;
    return { seed, problems, writes: this.acknowledged.length, messages, faults, history };
  }

  /** One site reads the feed of another one, for ever. */
  private poll(reader: string, source: string): void {
    this.later(20 + this.below(200), () => this.poll(reader, source));
    if (this.down.has(reader)) return;
    const question = this.sites.get(reader)!.ask(source);
    this.send(reader, source, () => this.reply(question, source));
  }

  private reply(question: Question, source: string): void {
    const answer: Answer = this.sites.get(source)!.answer(question);
    this.send(source, question.from, () => {
      this.note(
        `${question.from} takes ${answer.objects.length} of ${source}${answer.beginAnew ? ', begins anew' : ''}`,
      );
      this.sites.get(question.from)!.take(answer);
    });
  }

  /** Sends over a link: late, never, twice, in any order. */
  private send(from: string, to: string, deliver: () => void): void {
    if (this.cut.has(linkName(from, to))) return;
    const copies = this.troubled ? [0, 1, 1, 1, 1, 1, 2][this.below(7)]! : 1;
    for (let copy = 0; copy < copies; copy++) {
      const sentIn = this.age(from, to);
      this.later(1 + this.below(this.troubled ? 400 : 20), () => {
        const lost = sentIn !== this.age(from, to) || this.down.has(to) || this.cut.has(linkName(from, to));
        if (lost) return;
        this.messages += 1;
        deliver();
      });
    }
  }

  private age(from: string, to: string): number {
    return this.busAge + (this.restores.get(from) ?? 0) + (this.restores.get(to) ?? 0);
  }

  private write(): void {
    if (!this.troubled) return;
    this.later(this.below(150), () => this.write());
    const writers = SITES.filter(({ code, kind }) => kind !== 'secondary' && !this.down.has(code));
    const writer = writers[this.below(writers.length)];
    if (!writer) return;
    const site = this.sites.get(writer.code)!;
    const owned = writer.kind === 'primary' ? (['Device', 'CollectionSize', 'Alert'] as const) : (['Device'] as const);
    const kinds = [...owned, 'ClientSettings', 'BoundaryGroup'] as const;
    const kind = kinds[this.below(4 * kinds.length)] ?? 'Collection';
    // What is wanted of a device is written at its own site and above; what a site counts, by itself.
    const owner = writer.kind === 'primary' ? writer.code : PRIMARIES[this.below(PRIMARIES.length)]!;
    const name = KEYS[this.below(KEYS.length)]!;
    const key = REPLICATED_KINDS[kind] === 'global' ? name : `${name}/${owner}`;
    const content = this.below(6) === 0 ? null : `text ${this.eventNumber}`;
    const commit = site.begin(kind, key, content, this.now, owner);
    this.later(this.below(60), () => {
      const replica = commit();
      if (!replica) return;
      this.acknowledged.push({ at: writer.code, on: this.moment++, kind, key, replica });
      this.note(`${writer.code} writes ${kind}/${key} = ${content} at ${replica.version.stamp}`);
    });
  }

  private fault(): void {
    if (!this.troubled) return;
    this.later(this.below(1_500), () => this.fault());
    const [one, other] = LINKS[this.below(LINKS.length)]!;
    const { code } = SITES[this.below(SITES.length)]!;
    const faults: Record<string, () => void> = {
      cut: () => this.forAWhile(this.cut, linkName(one, other), 4_000),
      crash: () => {
        this.sites.get(code)!.crash();
        this.forAWhile(this.down, code, 2_000);
      },
      'bus wiped': () => (this.busAge += 1),
      'clock set': () => (this.sites.get(code)!.skewMilliseconds = (this.below(3) - 1) * 3_600_000),
      backup: () => this.backups.set(code, { disk: this.sites.get(code)!.backup(), on: this.moment++ }),
      restore: () => this.restore(code),
    };
    const names = Object.keys(faults);
    const name = names[this.below(names.length)]!;
    this.faults[name] = (this.faults[name] ?? 0) + 1;
    this.note(`fault: ${name} (${name === 'cut' ? linkName(one, other) : code})`);
    faults[name]!();
  }

  /** What a site wrote since its backup may be lost with it; nobody is blamed for that. */
  private restore(code: string): void {
    const backup = this.backups.get(code);
    if (!backup) return;
    const survives = (write: Acknowledged) => write.at !== code || write.on <= backup.on;
    this.forgotten.push(...this.acknowledged.filter((write) => !survives(write)));
    this.acknowledged = this.acknowledged.filter(survives);
    this.backups.delete(code);
    this.restores.set(code, (this.restores.get(code) ?? 0) + 1);
    this.sites.get(code)!.restore(backup.disk);
    // A restored site has a clock that is set: its stamps must not repeat.
    this.sites.get(code)!.skewMilliseconds = Math.max(0, this.sites.get(code)!.skewMilliseconds);
  }

  private forAWhile(set: Set<string>, name: string, atMostMilliseconds: number): void {
    set.add(name);
    this.later(this.below(atMostMilliseconds), () => set.delete(name));
  }

  private later(milliseconds: number, run: () => void): void {
    this.events.push({ at: this.now + milliseconds, number: this.eventNumber++, run });
  }

  private advance(until: number): void {
    for (;;) {
      let first: Event | undefined;
      for (const event of this.events) {
        if (!first || event.at < first.at || (event.at === first.at && event.number < first.number)) first = event;
      }
      if (!first || first.at > until) break;
      this.events = this.events.filter((event) => event !== first);
      this.now = first.at;
      first.run();
    }
    this.now = until;
  }

  private below(limit: number): number {
    return Math.floor(this.random() * limit);
  }

  private note(line: string): void {
    this.history.push(`${this.now} ${line}`);
  }
}

function linkName(one: string, other: string): string {
  return [one, other].sort().join('-');
}
