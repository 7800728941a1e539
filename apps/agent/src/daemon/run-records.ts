import { existsSync, mkdirSync, readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Assignment } from '@muster/contracts/agent/policy.js';
import { digestSchema } from '@muster/contracts/digest.js';
import { startRulesShape } from '@muster/schedule/start-rules.js';
import { z } from 'zod';
import { AgentError } from '../identity/agent-error.js';
import { readIfPresent, replaceFile, syncFolder } from '../identity/durable-files.js';
import type { StateFolder } from '../identity/state-folder.js';
import { reasonOf } from '../journal/journal-error.js';

/** Folders of ended runs that are kept for people who look for a reason. */
const keptRuns = 20;
/** Ended runs of which everything is kept; of others only the last one of each deployment, which decides whether it runs again. */
const keptDetails = 100;
/** Deployments whose last run is remembered: more than a computer ever has at one time. */
const keptDeployments = 1000;

const recordSchema = z.object({
  runId: z.string(),
  deployment: z.object({ uid: z.string(), name: z.string(), generation: z.number() }),
  body: digestSchema,
  startedAt: z.string(),
  /** Absent in records of agents before these fields, whose steps do not wait. */
  purpose: z.enum(['Available', 'Required']).default('Available'),
  expiresAt: z.string().optional(),
  neighbourPoints: z.boolean().optional(),
  defaultGroupPoints: z.boolean().optional(),
  content: startRulesShape.content,
  showProgress: startRulesShape.showProgress,
  /** Why it fails before its first step. */
  refused: z.object({ code: z.string(), message: z.string() }).optional(),
  /** Somebody at this computer wanted it. */
  asked: z.boolean().optional(),
  /** All is done but a restart, which waits for a maintenance window, or because people here put it off. */
  restartWaits: z.object({ until: z.string().optional(), snoozedUntil: z.string().optional() }).optional(),
  /**
   * The computer is to restart for it: then, or whenever its owner does it. `last`: nothing of the run comes behind it; `snoozed`: people
   * here put it off until then.
   */
  restart: z
    .object({ at: z.string().optional(), last: z.boolean().optional(), snoozed: z.boolean().optional() })
    .optional(),
});

/** What a run is for. Written before anything else happens: a crash cannot make a second run of it. */
export type RunRecord = z.infer<typeof recordSchema>;

/** What of an assignment a run keeps. */
export type RunPurpose = Pick<
  Assignment,
  | 'deployment'
  | 'body'
  | 'purpose'
  | 'expiresAt'
  | 'neighbourPoints'
  | 'defaultGroupPoints'
  | 'content'
  | 'showProgress'
>;

const endedRunSchema = z.object({
  runId: z.string(),
  deployment: z.object({ uid: z.string(), name: z.string(), generation: z.number() }),
  result: z.enum(['succeeded', 'failed']),
  exitCode: z.number(),
  code: z.string().optional(),
  message: z.string().optional(),
  startedAt: z.string(),
  endedAt: z.string(),
});

/** A run that is over. */
export type EndedRun = z.infer<typeof endedRunSchema>;

const historySchema = z.object({ version: z.literal(1), runs: z.array(endedRunSchema) });

/** The runs of this computer: those that have ended (`history.json`) and those that have not (a folder each). */
export class RunRecords {
  private history: readonly EndedRun[];
  private open: readonly RunRecord[];

  /**
   * Reads what is there. Changes nothing.
   * @throws AgentError `agent.state-corrupt`: running everything again because a file is damaged would be worse than to stop
   */
  constructor(private readonly folder: StateFolder) {
    const text = readIfPresent(folder.history);
    this.history = text === undefined ? [] : parseFile(historySchema, text, folder.history).runs;
    const ended = new Set(this.history.map(({ runId }) => runId));
    this.open = listFolder(folder.runs)
      .filter((name) => !ended.has(name))
      .sort()
      .flatMap((name) => {
        const path = join(folder.runs, name, 'run.json');
        const record = readIfPresent(path);
        // Without a record nothing was begun: the folder is left from a crash before the record.
        return record === undefined ? [] : [parseFile(recordSchema, record, path)];
      });
  }

  /** Oldest first. */
  get unfinished(): readonly RunRecord[] {
    return this.open;
  }

  /** In the order of their ends. */
  get ended(): readonly EndedRun[] {
    return this.history;
  }

  /** Uids of the deployments that have an ended run. */
  get finishedDeployments(): ReadonlySet<string> {
    return new Set(this.history.map(({ deployment }) => deployment.uid));
  }

  /** The last run of a deployment that has ended. */
  lastRun(deploymentUid: string): EndedRun | undefined {
    return this.history.findLast(({ deployment }) => deployment.uid === deploymentUid);
  }

  /** When the newest run that has ended began, by the clock of then, in milliseconds since 1970; -Infinity: none has. */
  get newestStart(): number {
    return this.history.reduce((newest, { startedAt }) => Math.max(newest, Date.parse(startedAt)), -Infinity);
  }

  hasEnded(runId: string): boolean {
    return this.history.some((run) => run.runId === runId);
  }

  hasBegun(runId: string): boolean {
    return this.isUnfinished(runId) || this.hasEnded(runId);
  }

  isUnfinished(runId: string): boolean {
    return this.open.some((run) => run.runId === runId);
  }

  /** The folder of a run: record, journal, work. */
  folderOf(runId: string): string {
    return join(this.folder.runs, runId);
  }

  /** Records a new run, also one that will only fail; on return it is durable. */
  begin(
    runId: string,
    { deployment, body, purpose, expiresAt, neighbourPoints, defaultGroupPoints, content, showProgress }: RunPurpose,
    { refused, asked }: Pick<RunRecord, 'refused' | 'asked'> = {},
  ): RunRecord {
    const startedAt = new Date().toISOString();
    const why = { ...(refused && { refused }), ...(asked && { asked }) };
    const kept = { neighbourPoints, defaultGroupPoints, content, showProgress };
    const record = { runId, deployment, body, startedAt, purpose, expiresAt, ...kept, ...why };
    const path = this.folderOf(runId);
    mkdirSync(path, { mode: 0o700 });
    try {
      this.write(record);
    } catch (error) {
      // Without room there is no run: the next try begins one anew.
      rmSync(path, { recursive: true, force: true });
      throw error;
    }
    syncFolder(this.folder.runs);
    this.open = [...this.open, record];
    return record;
  }

  /** Records that all of a run is done but its restart. */
  noteRestartWaits(runId: string, until: number | undefined, snoozedUntil: number | undefined): void {
    const waits = { ...isoAs('until', until), ...isoAs('snoozedUntil', snoozedUntil) };
    this.change(runId, (record) => ({ ...record, restartWaits: waits }));
  }

  /** Records when the computer is to restart for a run (undefined: its owner does it), or that it is not (`none`). */
  noteRestart(
    runId: string,
    at: number | undefined | 'none',
    more: Pick<NonNullable<RunRecord['restart']>, 'last' | 'snoozed'> = {},
  ): void {
    this.change(runId, (record) => {
      const { restart: before, ...rest } = record;
      if (at === 'none') return before ? rest : record;
      // It waits no longer.
      const { restartWaits: _, ...counted } = rest;
      return { ...counted, restart: { ...isoAs('at', at), ...more } };
    });
  }

  private change(runId: string, changed: (record: RunRecord) => RunRecord): void {
    const record = this.open.find((one) => one.runId === runId);
    const noted = record && changed(record);
    if (!noted || noted === record) return;
    this.write(noted);
    this.open = this.open.map((other) => (other.runId === runId ? noted : other));
  }

  private write(record: RunRecord): void {
    replaceFile(join(this.folderOf(record.runId), 'run.json'), `${JSON.stringify(record)}\n`);
  }

  /** Records the end of a run; on return it is durable, and the run will never be begun again. */
  end(record: RunRecord, outcome: Pick<EndedRun, 'result' | 'exitCode' | 'code' | 'message'>): void {
    const { runId, deployment, startedAt } = record;
    const ended = { runId, deployment, ...outcome, startedAt, endedAt: new Date().toISOString() };
    // The folders of those that are forgotten went before: without one nothing takes a run for unfinished.
    const history = remembered([...this.history, ended]);
    replaceFile(this.folder.history, `${JSON.stringify({ version: 1, runs: history })}\n`);
    this.history = history;
    this.open = this.open.filter((other) => other.runId !== runId);
    this.removeOld();
  }

  private removeOld(): void {
    for (const { runId } of this.history.slice(0, -keptRuns)) {
      const folder = this.folderOf(runId);
      if (existsSync(folder)) rmSync(folder, { recursive: true, force: true });
    }
  }
}

/** What is kept of ended runs: the newest, and of older ones the last of each deployment, without its words. */
export function remembered(
  history: readonly EndedRun[],
  details = keptDetails,
  deployments = keptDeployments,
): EndedRun[] {
  const seen = new Set<string>();
  const kept = history.toReversed().flatMap((run, index): EndedRun[] => {
    const isLast = !seen.has(run.deployment.uid);
    seen.add(run.deployment.uid);
    if (index < details) return [run];
    if (!isLast || seen.size > deployments) return [];
    const { message: _words, ...rest } = run;
    return [rest];
  });
  return kept.toReversed();
}

function isoAs<Name extends string>(name: Name, instant: number | undefined): { readonly [key in Name]?: string } {
  return instant === undefined ? {} : ({ [name]: new Date(instant).toISOString() } as { [key in Name]: string });
}

function listFolder(path: string): string[] {
  return existsSync(path) ? readdirSync(path) : [];
}

function parseFile<Value>(schema: z.ZodType<Value>, text: string, path: string): Value {
  try {
    return schema.parse(JSON.parse(text));
  } catch (error) {
    const why = error instanceof z.ZodError ? z.prettifyError(error).replaceAll('\n', ' ') : reasonOf(error);
    throw new AgentError(
      'agent.state-corrupt',
      `${path} is damaged (${why}): restore it, or enrol again with --force, which sets all runs aside`,
      { cause: error },
    );
  }
}
