import { mkdirSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { isDeepStrictEqual } from 'node:util';
import { replay } from '@muster/sequence/advance.js';
import type { StepReport } from '@muster/sequence/report.js';
import type { ExecuteEffect, Run } from '@muster/sequence/run.js';
import { Journal } from '../../apps/agent/src/journal/journal.js';
import { LocalContent } from '../../apps/agent/src/runner/local-content.js';
import { type SequenceResult, runSequence } from '../../apps/agent/src/runner/run-sequence.js';
import type { StepPerformer } from '../../apps/agent/src/runner/step-performer.js';
import type { Remains } from './crash-kinds.js';
import { expectedRun, seenBy, survivors, timeless } from './expected-run.js';
import { notRepeatable, outcomeOf, probeOf, started } from './scenario.js';
import { type DiskState, WatchedDisk, watch, watchFileSystem } from './watched-disk.js';

/** What happened outside the disk that dies: nobody takes it back. */
export interface World {
  readonly boot: number;
  /** What steps did: the number of the execution, counted by the journal, and what the step saw. */
  readonly executions: readonly { readonly index: number; readonly saw: string; readonly name: string }[];
  /** Reports told, each once, in the order of their numbers. */
  readonly told: readonly StepReport[];
  /** Restarts asked for, by their number in the run and the boot in which. */
  readonly asked: readonly { readonly restart: number; readonly boot: number }[];
  /** In which boot each line of the journal was written. */
  readonly lineBoots: readonly number[];
  /** Executions that crashes interrupted so far. */
  readonly interrupted: ReadonlySet<number>;
  /** How often it died. */
  readonly deaths: number;
}

export const newWorld: World = {
  boot: 1,
  executions: [],
  told: [],
  asked: [],
  lineBoots: [],
  interrupted: new Set(),
  deaths: 0,
};

/** A moment between two things that change something. */
export interface Moment {
  readonly index: number;
  /** What has just been done. */
  readonly what: string;
  readonly disk: DiskState;
  readonly world: World;
}

/** A life from the beginning or from a crash until the run is over. */
export interface Life {
  readonly moments: readonly Moment[];
  readonly momentCount: number;
  /** What is not as it must be. */
  readonly problems: readonly string[];
}

type Mutable<T> = {
  -readonly [K in keyof T]: T[K] extends readonly (infer Item)[] ? Item[] : T[K];
};

const fileName = 'journal.jsonl';
const dayMilliseconds = 86_400_000;

/** The world and the disk after a crash in a moment. */
export function afterDeath({ world }: Moment, { disk, rebooted }: Remains): World {
  const found = survivors(disk.content);
  const unexplained = [...found.interrupted].filter(
    (index) => index !== found.inFlight && !world.interrupted.has(index),
  );
  if (unexplained.length > 0) throw new Error(`executions ${unexplained.join()} were interrupted and nobody died`);
  return {
    ...world,
    boot: world.boot + (rebooted ? 1 : 0),
    interrupted: found.interrupted,
    deaths: world.deaths + 1,
  };
}

/** Lives on from what is left: the real driver and the real journal on real files, until the run is over. */
export class Living {
  private readonly world: Mutable<World>;
  private readonly disk: WatchedDisk;
  private readonly folder: string;
  private readonly moments: Moment[] = [];
  private readonly problems: string[] = [];
  private momentCount = 0;
  private ticks = 0;

  /**
   * @param base an empty folder
   * @param wanted is the moment to be kept? `instead`: in the place of the one kept last
   */
  constructor(
    private readonly base: string,
    world: World,
    private readonly wanted: (index: number) => 'kept' | 'instead' | undefined,
  ) {
    watchFileSystem();
    const { executions, told, asked, lineBoots, ...rest } = world;
    this.world = {
      ...rest,
      executions: [...executions],
      told: [...told],
      asked: [...asked],
      lineBoots: [...lineBoots],
    };
    this.folder = join(base, 'state', 'run');
    this.disk = new WatchedDisk(base, this.folder, fileName, (what) => this.changed(what));
  }

  async live(remains: DiskState | undefined): Promise<Life> {
    mkdirSync(this.base);
    if (remains) this.disk.restore(remains);
    watch(this.disk);
    try {
      const result = await this.untilOver();
      watch(undefined);
      if (result) this.check(result);
    } catch (error) {
      this.problems.push(error instanceof Error ? (error.stack ?? error.message) : String(error));
    } finally {
      watch(undefined);
      rmSync(this.base, { recursive: true, force: true });
    }
    return { moments: this.moments, momentCount: this.momentCount, problems: this.problems };
  }

  private async untilOver(): Promise<SequenceResult | undefined> {
    for (let starts = 0; starts < 20; starts++) {
      const result = await this.start();
      if (result.result !== 'restart-pending') return result;
      this.world.boot += 1;
    }
    this.problems.push('the run restarts for ever');
    return undefined;
  }

  private start(): Promise<SequenceResult> {
    let last = 0;
    const { type: _, ...run } = started;
    return runSequence({
      ...run,
      folder: this.folder,
      content: new LocalContent(undefined),
      waits: 'skipped',
      performer: this.performer(),
      signal: new AbortController().signal,
      clock: () => this.now(),
      restarted: () => this.world.lineBoots[this.lines() - 1] !== this.world.boot,
      restart: async () => {
        this.world.asked.push({ restart: replay(Journal.read(this.folder)).run?.restarts ?? 0, boot: this.world.boot });
        this.changed('ask for a restart');
        return Promise.resolve({ kind: 'pending' });
      },
      onReport: (report, replayed) => {
        this.expect(report.number === last + 1, `report ${report.number} came after ${last}`);
        last = report.number;
        const knownBefore = this.world.told[report.number - 1];
        this.expect(!knownBefore || replayed, `report ${report.number} was told before and came as a new one`);
        if (knownBefore)
          this.expect(
            isDeepStrictEqual(report, knownBefore),
            `report ${report.number} was ${JSON.stringify(knownBefore)} and is ${JSON.stringify(report)}`,
          );
        else {
          this.world.told.push(report);
          this.changed(`tell report ${report.number}`);
        }
      },
    });
  }

  private performer(): StepPerformer {
    return {
      perform: (effect: ExecuteEffect, run: Run) => {
        const index = count(this.journal(), '"type":"step-started"') - 1;
        this.world.executions.push({ index, saw: seenBy(effect, run), name: effect.name });
        this.changed(`in the middle of ${effect.path} (${effect.attempt})`);
        return Promise.resolve(outcomeOf(effect, run));
      },
      probe: (questions) => Promise.resolve(questions.map(probeOf)),
    };
  }

  /** Each life has a clock that is off by days, back and forth. */
  private now(): string {
    this.ticks += 1;
    const days = this.world.deaths * (this.world.deaths % 2 === 0 ? 1 : -1);
    return new Date(Date.UTC(2026, 0, 15) + days * dayMilliseconds + this.ticks * 1000).toISOString();
  }

  private journal(): Buffer {
    return readFileSync(join(this.folder, fileName));
  }

  private lines(): number {
    return count(this.journal(), '\n');
  }

  /** Lines that were cut off are forgotten; room that is made is none. */
  private followLines(): void {
    const { lineBoots, boot } = this.world;
    const lines = this.lines();
    if (lines < lineBoots.length) lineBoots.length = lines;
    while (lineBoots.length < lines) lineBoots.push(boot);
  }

  private changed(what: string): void {
    if (what.endsWith(` state/run/${fileName}`)) this.followLines();
    const wanted = this.wanted(this.momentCount);
    if (wanted !== undefined) {
      const { executions, told, asked, lineBoots, ...rest } = this.world;
      const world = {
        ...rest,
        executions: [...executions],
        told: [...told],
        asked: [...asked],
        lineBoots: [...lineBoots],
      };
      if (wanted === 'instead') this.moments.pop();
      this.moments.push({ index: this.momentCount, what, disk: this.disk.state(), world });
    }
    this.momentCount += 1;
  }

  private expect(fulfilled: boolean, otherwise: string): void {
    if (!fulfilled) this.problems.push(otherwise);
  }

  /** Is everything as the engine says it must be after these interruptions? */
  private check(result: SequenceResult): void {
    const { interrupted, told, executions, asked } = this.world;
    const expected = expectedRun(interrupted);
    const { run, finished, restarts } = expected.simulation;
    this.expect(
      isDeepStrictEqual(result, finished),
      `the result is ${JSON.stringify(result)}, not ${JSON.stringify(finished)}`,
    );

    const reports = told.map(timeless);
    for (const [index, report] of expected.reports.entries())
      this.expect(reports[index] === report, `report ${index + 1} is ${reports[index]}, not ${report}`);
    this.expect(
      reports.length === expected.reports.length,
      `${reports.length} reports, not ${expected.reports.length}`,
    );

    const final = replay(Journal.read(this.folder)).run;
    for (const part of ['variables', 'phase', 'restarts', 'reportNumber', 'pointer', 'awaiting'] as const)
      this.expect(
        isDeepStrictEqual(final?.[part], run[part]),
        `${part}: ${JSON.stringify(final?.[part])}, not ${JSON.stringify(run[part])}`,
      );

    const done = new Set<number>();
    for (const { index, saw } of executions) {
      this.expect(!done.has(index), `execution ${index} was done twice: ${saw}`);
      done.add(index);
      this.expect(
        saw === expected.executions[index],
        `execution ${index} was ${saw}, not ${expected.executions[index]}`,
      );
    }
    for (const [index, saw] of expected.executions.entries())
      this.expect(done.has(index) || interrupted.has(index), `execution ${index} is missing: ${saw}`);
    const once = executions.filter(({ name }) => notRepeatable.has(name)).map(({ saw }) => saw);
    this.expect(new Set(once).size === once.length, `a step was done twice that is not repeatable: ${once.join('\n')}`);

    for (const [index, { restart, boot }] of asked.entries()) {
      const before = asked[index - 1]?.restart ?? 0;
      this.expect(
        restart >= before && restart <= restarts,
        `restart ${restart} of ${restarts} was asked for after ${before}`,
      );
      this.expect(
        !asked.some((other) => other !== asked[index] && other.restart !== restart && other.boot === boot),
        `two restarts were asked for in boot ${boot}`,
      );
    }
    this.expect(
      isDeepStrictEqual(readdirSync(this.folder), [fileName]),
      `left behind: ${readdirSync(this.folder).join()}`,
    );
  }
}

/** How often a text is in a file. */
function count(content: Buffer, text: string): number {
  let found = 0;
  for (let at = content.indexOf(text); at >= 0; at = content.indexOf(text, at + text.length)) found++;
  return found;
}
