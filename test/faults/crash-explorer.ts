import { join } from 'node:path';
import { type CrashKind, crashKinds, die, unsyncedBytes } from './crash-kinds.js';
import { type Life, Living, type Moment, afterDeath, newWorld } from './life.js';
import { randomNumbers, sample } from './random.js';

/** One crash: in which moment of its life, and in which way. */
export interface Crash {
  readonly moment: number;
  readonly kind: CrashKind;
}

/** Crashes one after the other, each in the life that the one before left. */
export type CrashChain = readonly Crash[];

export interface Failure {
  readonly chain: CrashChain;
  /** What had just been done when it died, for each crash. */
  readonly when: readonly string[];
  readonly problems: readonly string[];
}

export interface Exploration {
  readonly points: number;
  /** How many of them by sort. */
  readonly sorts: Readonly<Record<'single' | 'everyByte' | 'repeated', number>>;
  readonly moments: number;
  readonly failure: Failure | undefined;
}

/** As text, e.g. `17/torn:20 4/killed`: moment and way of each crash. */
export function chainText(chain: CrashChain): string {
  return chain.map(({ moment, kind }) => `${moment}/${kind}`).join(' ');
}

/** @throws RangeError when the text is no chain */
export function parseChain(text: string): CrashChain {
  return text.split(/\s+/).map((part) => {
    const [, moment, kind] = /^(\d+)\/(\S+)$/.exec(part) ?? [];
    if (moment === undefined || kind === undefined)
      throw new RangeError(`"${part}" is no crash: give MOMENT/KIND, e.g. 17/torn:20`);
    return { moment: Number(moment), kind };
  });
}

/** A crash whose moment is at hand. */
interface Start {
  readonly moment: Moment;
  readonly kind: CrashKind;
}

/** Runs one scenario with many crashes in a folder that is its own. */
export class CrashExplorer {
  private lives = 0;
  private points = 0;
  private readonly sorts = { single: 0, everyByte: 0, repeated: 0 };
  private failure: Failure | undefined;

  constructor(
    private readonly folder: string,
    private readonly onPoint: (points: number) => void = () => undefined,
  ) {}

  /**
   * Crashes in every moment and in every way, then at bytes of every write, then again during resumptions. Where the points
   * do not suffice for all, a random sample. Stops at the first failure.
   */
  async explore(points: number, seed: number): Promise<Exploration> {
    const random = randomNumbers(seed);
    const first = await this.live([], undefined, undefined, () => 'kept');
    if (first.problems.length > 0) this.failure = { chain: [], when: [], problems: first.problems };
    const singles = first.moments.flatMap((moment) => crashKinds(moment.disk).map((kind) => ({ moment, kind })));
    await this.crashAll('single', sample(singles, Math.ceil(points / 2), random), random);
    const bytes = first.moments.flatMap(everyByte);
    await this.crashAll('everyByte', sample(bytes, Math.floor((points - this.points) / 2), random), random);
    while (this.points < points && !this.failure) {
      const [start] = sample(singles, 1, random);
      if (!start) break;
      await this.crashAgain(start, points, random);
    }
    return { points: this.points, sorts: this.sorts, moments: first.momentCount, failure: this.failure };
  }

  /** One chain of crashes, again. */
  async repeat(chain: CrashChain): Promise<Failure | undefined> {
    const when: string[] = [];
    let life = await this.live([], undefined, undefined, () => 'kept');
    for (const [index, { moment: number, kind }] of chain.entries()) {
      const moment = life.moments[number];
      if (!moment)
        return {
          chain,
          when,
          problems: [`life ${index + 1} has ${life.momentCount} moments, none is number ${number}`],
        };
      when.push(moment.what);
      life = await this.live(chain.slice(0, index + 1), moment, kind, () => 'kept');
    }
    return life.problems.length > 0 ? { chain, when, problems: life.problems } : undefined;
  }

  private async crashAll(
    sort: keyof Exploration['sorts'],
    crashes: readonly Start[],
    random: () => number,
  ): Promise<void> {
    for (const { moment, kind } of crashes) {
      if (this.failure) return;
      await this.crash(sort, [], [], moment, kind, random);
    }
  }

  /** Crashes, then in a random moment of the resumption, and at times once more. */
  private async crashAgain(start: Start, points: number, random: () => number): Promise<void> {
    const chain: Crash[] = [];
    const when: string[] = [];
    let { moment, kind }: Start = start;
    for (let deaths = 1; ; deaths++) {
      const life = await this.crash(deaths === 1 ? undefined : 'repeated', chain, when, moment, kind, random);
      chain.push({ moment: moment.index, kind });
      when.push(moment.what);
      const [next] = life.moments;
      if (this.failure || !next || deaths === 4 || this.points === points) return;
      const [nextKind] = sample(crashKinds(next.disk), 1, random);
      if (nextKind === undefined) return;
      moment = next;
      kind = nextKind;
    }
  }

  private async crash(
    sort: keyof Exploration['sorts'] | undefined,
    chain: CrashChain,
    when: readonly string[],
    moment: Moment,
    kind: CrashKind,
    random: () => number,
  ): Promise<Life> {
    const whole = [...chain, { moment: moment.index, kind }];
    // One random moment of the life is kept, all with the same chance; in half of the lives one of the first, when what the
    // life before left is taken up.
    const last = random() < 0.5 ? 40 : Infinity;
    const oneOfAll = (index: number): 'instead' | undefined =>
      index < last && random() * (index + 1) < 1 ? 'instead' : undefined;
    const life = await this.live(whole, moment, kind, oneOfAll);
    if (life.problems.length > 0)
      this.failure = { chain: whole, when: [...when, moment.what], problems: life.problems };
    if (sort) {
      this.sorts[sort] += 1;
      this.points += 1;
      this.onPoint(this.points);
    }
    return life;
  }

  private async live(
    chain: CrashChain,
    moment: Moment | undefined,
    kind: CrashKind | undefined,
    wanted: (index: number) => 'kept' | 'instead' | undefined,
  ): Promise<Life> {
    const base = join(this.folder, String(this.lives++));
    try {
      if (!moment || kind === undefined) return await new Living(base, newWorld, wanted).live(undefined);
      const remains = die(moment.disk, kind);
      return await new Living(base, afterDeath(moment, remains), wanted).live(remains.disk);
    } catch (error) {
      const problem = `${chainText(chain)}: ${error instanceof Error ? error.message : String(error)}`;
      return { moments: [], momentCount: 0, problems: [problem] };
    }
  }
}

/** The last line cut at every byte, by a loss of power. */
function everyByte(moment: Moment): Start[] {
  const known = new Set(crashKinds(moment.disk));
  return Array.from({ length: unsyncedBytes(moment.disk) }, (_, index) => ({ moment, kind: `torn:${index}` })).filter(
    ({ kind }) => !known.has(kind),
  );
}
