import { readdirSync, renameSync } from 'node:fs';
import { join } from 'node:path';
import type { ReportsRequest } from '@muster/contracts/agent/reports.js';
import type { Logger } from 'pino';
import { replaceFile } from '../identity/durable-files.js';
import { RunSpool, type SpoolOwner } from './run-spool.js';

const extension = '.jsonl';

export type SpooledReport = ReportsRequest['reports'][number];

/** Reports on their way to the site: `reports/<runId>.jsonl`, durable until they are acknowledged. */
export class Spool {
  private readonly runs = new Map<string, RunSpool>();
  /** Runs that are passed over until a time (ms). */
  private readonly held = new Map<string, number>();

  constructor(
    private readonly folder: string,
    private readonly logger: Logger,
  ) {
    for (const name of readdirSync(folder).sort()) {
      if (!name.endsWith(extension)) continue;
      const spool = RunSpool.open(join(folder, name));
      if (spool) this.runs.set(spool.owner.runId, spool);
      else this.setAside(name);
    }
  }

  /** How many reports wait to be acknowledged. */
  get size(): number {
    return [...this.runs.values()].reduce((sum, { size }) => sum + size, 0);
  }

  /** The spool of a run, taken up or begun. */
  of(owner: SpoolOwner): RunSpool {
    const existing = this.runs.get(owner.runId);
    if (existing) return existing;
    const spool = RunSpool.create(join(this.folder, `${owner.runId}${extension}`), owner);
    this.runs.set(owner.runId, spool);
    return spool;
  }

  /** The oldest reports, in number order within each run, at most so many and so large (one is always given). */
  batch(mostReports: number, mostBytes: number): SpooledReport[] {
    const found: SpooledReport[] = [];
    let bytes = 0;
    for (const spool of this.runs.values()) {
      if ((this.held.get(spool.owner.runId) ?? 0) > Date.now()) continue;
      for (const report of spool.oldest()) {
        const { deploymentUid, sequenceDigest } = spool.owner;
        const entry = { deploymentUid, ...(sequenceDigest && { sequenceDigest }), report };
        bytes += Buffer.byteLength(JSON.stringify(entry)) + 1;
        if (found.length >= mostReports || (found.length > 0 && bytes > mostBytes)) return found;
        found.push(entry);
      }
    }
    return found;
  }

  /** Drops what the site has. */
  acknowledge(keys: readonly { readonly runId: string; readonly number: number }[]): void {
    const byRun = new Map<string, number[]>();
    for (const { runId, number } of keys) byRun.set(runId, [...(byRun.get(runId) ?? []), number]);
    for (const [runId, numbers] of byRun) this.runs.get(runId)?.acknowledge(numbers);
  }

  /** Passes a run over for a while, so that its reports do not keep others waiting. */
  hold(runId: string, seconds: number): void {
    this.held.set(runId, Date.now() + seconds * 1000);
  }

  /** Puts a report that the site will never take where a person can find it. */
  refuse(refused: SpooledReport, reason: string): void {
    const { report } = refused;
    const path = join(this.folder, `refused-${report.runId}-${report.number}.json`);
    replaceFile(path, `${JSON.stringify({ reason, ...refused })}\n`);
    this.acknowledge([report]);
  }

  /** Removes the files of runs that have ended and have nothing to say any more. */
  removeEnded(hasEnded: (runId: string) => boolean): void {
    for (const [runId, spool] of this.runs) {
      if (spool.size > 0 || !hasEnded(runId)) continue;
      spool.remove();
      this.runs.delete(runId);
    }
  }

  close(): void {
    for (const spool of this.runs.values()) spool.close();
  }

  private setAside(name: string): void {
    renameSync(join(this.folder, name), join(this.folder, `${name}.damaged`));
    const message = 'a file of reports is damaged and was set aside; a run that has not ended tells its reports again';
    this.logger.error({ code: 'reports.spool-damaged', file: name }, message);
  }
}
