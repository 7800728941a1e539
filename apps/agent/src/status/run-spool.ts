import { closeSync, fdatasyncSync, fstatSync, ftruncateSync, openSync, rmSync, writeSync } from 'node:fs';
import { dirname } from 'node:path';
import { type Digest, digestSchema } from '@muster/contracts/digest.js';
import { type StepReport, stepReportSchema } from '@muster/sequence/report.js';
import { z } from 'zod';
import { readIfPresent, replaceFile, syncFolder } from '../identity/durable-files.js';

const format = 'muster-report-spool';
const headerSchema = z.object({
  format: z.literal(format),
  version: z.literal(1),
  runId: z.string(),
  deploymentUid: z.string(),
  /** Absent in the files of agents before this field. */
  sequenceDigest: digestSchema.optional(),
  /** Reports up to this number were acknowledged and are no longer here. */
  after: z.number().int().nonnegative(),
});

/** Lines that are acknowledged and still in the file, before the file is written anew without them. */
const trimAfterLines = 200;

/** Whose reports a spool holds. */
export interface SpoolOwner {
  readonly runId: string;
  readonly deploymentUid: string;
  /** The revision that the run runs: that of the body it began with. */
  readonly sequenceDigest?: Digest | undefined;
}

/**
 * The reports of one run that the site has not acknowledged: one file, append only, one report per line behind a header line.
 * Numbers are contiguous, so the highest one says what is new when a resumed run tells its past again.
 */
export class RunSpool {
  private readonly waiting = new Map<number, StepReport>();
  private file: number | undefined;
  private highest: number;
  private linesGone = 0;

  private constructor(
    private readonly path: string,
    readonly owner: SpoolOwner,
    after: number,
    reports: readonly StepReport[],
  ) {
    this.highest = after;
    for (const report of reports) {
      this.waiting.set(report.number, report);
      this.highest = report.number;
    }
  }

  /** Begins the spool of a new run. */
  static create(path: string, owner: SpoolOwner): RunSpool {
    replaceFile(path, headerLine(owner, 0));
    return new RunSpool(path, owner, 0, []);
  }

  /**
   * Takes up a spool; a torn last line is cut off. Undefined when the file is absent or damaged: while its run has not
   * ended, the journal gives all reports again.
   */
  static open(path: string): RunSpool | undefined {
    const text = readIfPresent(path);
    if (text === undefined) return undefined;
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    const [first = '', ...lines] = whole.split('\n').slice(0, -1);
    const header = parse(headerSchema, first);
    if (!header) return undefined;
    const { runId, deploymentUid, sequenceDigest, after } = header;
    const reports: StepReport[] = [];
    for (const line of lines) {
      const report = parse(stepReportSchema, line);
      if (report?.number !== after + reports.length + 1) return undefined;
      reports.push(report);
    }
    if (whole.length < text.length) cutOff(path, Buffer.byteLength(whole));
    return new RunSpool(path, { runId, deploymentUid, sequenceDigest }, after, reports);
  }

  /** Number of the last report that was ever put here. */
  get lastNumber(): number {
    return this.highest;
  }

  /** How many wait to be acknowledged. */
  get size(): number {
    return this.waiting.size;
  }

  /** Keeps a report; on return the disk has it. One that was here before is dropped. */
  append(report: StepReport): void {
    if (report.number <= this.highest) return;
    if (report.number !== this.highest + 1) {
      throw new Error(`report ${report.number} of run ${this.owner.runId} came after ${this.highest}`);
    }
    const file = (this.file ??= openSync(this.path, 'a', 0o600));
    const length = fstatSync(file).size;
    try {
      const bytes = Buffer.from(`${JSON.stringify(report)}\n`, 'utf8');
      for (let offset = 0; offset < bytes.length;) offset += writeSync(file, bytes, offset);
      fdatasyncSync(file);
    } catch (error) {
      // A full disk took a part of the line: the next one must not come behind it.
      ftruncateSync(file, length);
      throw error;
    }
    this.waiting.set(report.number, report);
    this.highest = report.number;
  }

  /** The oldest reports that wait, in the order of their numbers. */
  *oldest(): Iterable<StepReport> {
    yield* this.waiting.values();
  }

  /** Drops reports that the site has. They leave the disk some time later: until then they may be sent again. */
  acknowledge(numbers: Iterable<number>): void {
    for (const number of numbers) if (this.waiting.delete(number)) this.linesGone += 1;
    if (this.linesGone >= trimAfterLines || (this.waiting.size === 0 && this.linesGone > 0)) this.trim();
  }

  /** Removes the spool of a run that has ended, when nothing waits any more. */
  remove(): void {
    this.close();
    rmSync(this.path, { force: true });
    syncFolder(dirname(this.path));
  }

  close(): void {
    if (this.file !== undefined) closeSync(this.file);
    this.file = undefined;
  }

  /** Writes the file anew from the first report that waits. Those behind it that are acknowledged stay: numbers are contiguous. */
  private trim(): void {
    const [first = this.highest + 1] = this.waiting.keys();
    if ([...this.waiting.keys()].some((number, index) => number !== first + index)) return;
    this.close();
    const lines = [...this.waiting.values()].map((report) => `${JSON.stringify(report)}\n`);
    replaceFile(this.path, headerLine(this.owner, first - 1) + lines.join(''));
    this.linesGone = 0;
  }
}

function headerLine({ runId, deploymentUid, sequenceDigest }: SpoolOwner, after: number): string {
  return `${JSON.stringify({ format, version: 1, runId, deploymentUid, sequenceDigest, after })}\n`;
}

function parse<Value>(schema: z.ZodType<Value>, line: string): Value | undefined {
  try {
    return schema.safeParse(JSON.parse(line)).data;
  } catch {
    return undefined;
  }
}

function cutOff(path: string, length: number): void {
  const file = openSync(path, 'r+');
  try {
    ftruncateSync(file, length);
    fdatasyncSync(file);
  } finally {
    closeSync(file);
  }
}
