import type { KeyObject } from 'node:crypto';
import { join } from 'node:path';
import type { PolicyBody, PolicySettings, PolicyVariables } from '@muster/contracts/agent/policy.js';
import type { RestartRequest } from '@muster/sequence/run.js';
import type { StepReport } from '@muster/sequence/report.js';
import type { Logger } from 'pino';
import type { AgentConfig } from '../config.js';
import type { ContentCache } from '../content/content-cache.js';
import { reachOf } from '@muster/contracts/agent/content.js';
import { PassingContent } from '../content/passing-content.js';
import { SiteContent } from '../content/site-content.js';
import { currentBootId } from '../facts/boot-id.js';
import { ownTimeZone } from '../facts/time-zone.js';
import type { Bell } from '../http/backoff.js';
import { describeError } from '../identity/agent-error.js';
import { atRest } from '../identity/at-rest.js';
import { readIfPresent, replaceFile } from '../identity/durable-files.js';
import { collectFacts, type RunOrigin } from '../runner/facts.js';
import { openVariables } from '../policy/open-variables.js';
import { restartComputer } from '../restart/computer-restart.js';
import type { RestartPlan } from '../restart/last-restart.js';
import { type RestartAnswer, runSequence, type SequenceResult } from '../runner/run-sequence.js';
import type { RunSpool } from '../status/run-spool.js';
import type { Spool } from '../status/spool.js';
import type { FirstPrograms } from './first-programs.js';
import { ContentWithPatience } from './content-with-patience.js';
import { mayPass } from './may-pass.js';
import type { RunRecord, RunRecords } from './run-records.js';
import { runTimeLimit } from './run-time-limit.js';

/** By what a stop names a run. */
interface RunToStop {
  readonly runId: string;
  readonly deploymentUid: string;
}

export interface RunDriverOptions {
  readonly records: RunRecords;
  readonly spool: Spool;
  readonly cache: ContentCache;
  /** Variables for a run that begins now. */
  variables(): PolicyVariables;
  /** Opens the hidden ones. */
  readonly sealingKey: KeyObject;
  readonly identity: NonNullable<RunOrigin['site']>;
  readonly logger: Logger;
  /** Rung when there is a new report. */
  readonly news: Bell;
  /** Why the site wants a run to end; undefined: it does not. */
  stopped(run: RunToStop): string | undefined;
  /** May runs restart this computer, and how. */
  readonly restart: AgentConfig['restart'];
  readonly tellCommand: AgentConfig['tellCommand'];
  /** Whose word it is that people are told, as the site says now. */
  settings(): Pick<PolicySettings, 'organisationName'>;
  /**
   * When the restart behind the last step of a run may come, and how long people have before it.
   * @param told when they were told that it comes; undefined: they were not
   */
  lastRestart(record: RunRecord, delaySeconds: number, told: number | undefined): RestartPlan;
  readonly firstPrograms: FirstPrograms;
  /** Told when people put off the restart of a run that goes on: the site is to hear of it. */
  snoozeNoted(): void;
}

/**
 * `ended`: in the history. `restart-pending`: goes on after a restart. `later`: the disk or the lock was in the way. `let-go`: aborted.
 * `restartLater`: all is done but a restart, which may not come yet; other runs may go on.
 */
export type DriveResult =
  'ended' | 'restart-pending' | 'later' | 'let-go' | NonNullable<Pick<SequenceResult, 'restartLater'>['restartLater']>;

/** Drives one run to its end, from its beginning or from its journal. */
export class RunDriver {
  /** The run at hand, and how it is told to end behind its step. */
  private current: (RunToStop & { readonly stop: AbortController }) | undefined;
  /** The restart that is counted down, and how it is told that people may want another time. */
  private countdown: AbortController | undefined;

  constructor(private readonly options: RunDriverOptions) {}

  /** Policy has changed, or the site refuses this computer: it may want the run at hand to end. */
  policyChanged(): void {
    const why = this.current && this.options.stopped(this.current);
    if (why !== undefined) this.current?.stop.abort(why);
  }

  /** Somebody here puts something off: perhaps the restart that is counted down. */
  snoozed(): void {
    this.countdown?.abort();
  }

  /** Whether the site wants a run to end, which is not at hand now. */
  shallEnd({ runId, deployment }: Pick<RunRecord, 'runId' | 'deployment'>): boolean {
    return this.options.stopped({ runId, deploymentUid: deployment.uid }) !== undefined;
  }

  /**
   * Never throws for what a run did or what became of its journal.
   * @param body undefined: the run only fails, and its body is gone
   */
  async drive(record: RunRecord, body: PolicyBody | undefined, signal: AbortSignal): Promise<DriveResult> {
    const { runId, deployment } = record;
    const logger = this.options.logger.child({ runId, deployment: deployment.name });
    const sequenceDigest = body?.sequence.digest;
    const spool = this.options.spool.of({ runId, deploymentUid: deployment.uid, sequenceDigest });
    logger.info({ sequence: body?.sequence.name }, spool.lastNumber === 0 ? 'run begins' : 'run is resumed');
    try {
      if (record.refused) return this.refuse(record, record.refused, spool, logger);
      if (!body) return 'later';
      const outcome = await this.execute(record, body, spool, logger, signal);
      if (outcome.result === 'interrupted') return 'let-go';
      if (outcome.restartLater) {
        const { lookAgain, snoozedUntil } = outcome.restartLater;
        this.options.records.noteRestartWaits(runId, lookAgain, snoozedUntil);
        const why = snoozedUntil === undefined ? 'waits for a maintenance window' : 'is put off by people here';
        logger.info({ lookAgain, snoozedUntil }, `all is done but a restart, which ${why}`);
        return outcome.restartLater;
      }
      if (outcome.result === 'restart-pending') {
        const who = this.options.restart.policy === 'allow' ? 'has been asked for' : 'is left to its owner';
        logger.warn({ code: 'run.restart-pending' }, `the run waits for a restart of this computer, which ${who}`);
        return 'restart-pending';
      }
      const { result, ...why } = outcome;
      this.end(record, { result, ...why }, logger);
      return 'ended';
    } catch (error) {
      const { code, message } = describeError(error);
      // Before its first event nothing has happened: a policy that can be read will come.
      if (mayPass(error) || (spool.lastNumber === 0 && code.startsWith('policy.secrets-'))) {
        logger.error({ code, reason: message }, 'the run cannot go on now; it is tried again');
        return 'later';
      }
      return this.refuse(record, { code, message }, spool, logger);
    }
  }

  private refuse(
    record: RunRecord,
    { code, message }: NonNullable<RunRecord['refused']>,
    spool: RunSpool,
    logger: Logger,
  ): DriveResult {
    // A crash may have come between the report and the end.
    if (!record.refused || spool.lastNumber < 2) reportFailure(spool, record.runId, code, message);
    this.options.news.ring();
    this.end(record, { result: 'failed', exitCode: 1, code, message }, logger);
    return 'ended';
  }

  private async execute(
    record: RunRecord,
    { sequence, children, packages, contents, applications }: PolicyBody,
    spool: RunSpool,
    logger: Logger,
    signal: AbortSignal,
  ): Promise<SequenceResult> {
    const { records, cache, news, variables, sealingKey, identity, firstPrograms, settings } = this.options;
    const { runFirst } = sequence.spec;
    const firstProgramDone = runFirst !== undefined && runFirst.always !== true && firstPrograms.hasSucceeded(runFirst);
    const folder = records.folderOf(record.runId);
    const boot = new BootNote(join(folder, 'boot-id'), currentBootId());
    if (spool.lastNumber === 0) boot.write();
    const childSpecs = children && Object.fromEntries(Object.entries(children).map(([name, { spec }]) => [name, spec]));
    const limit = runTimeLimit(sequence.spec, record.startedAt);
    const stop = new AbortController();
    this.current = { runId: record.runId, deploymentUid: record.deployment.uid, stop };
    this.policyChanged();
    // In this boot: the agent was away while it was counted down.
    const told = boot.isAnother() ? undefined : record.restart?.at;
    this.noteRestart(record, 'none', logger);
    try {
      return await runSequence({
        runId: record.runId,
        sequence,
        children: childSpecs,
        variables: {
          told: variables(),
          open: (told) => openVariables(told, sealingKey),
          atRest: atRest(sealingKey, `run ${record.runId}`),
        },
        facts: {
          ...collectFacts([sequence.spec, ...Object.values(childSpecs ?? {})], process.env, {
            organisation: settings().organisationName,
            deployment: record.deployment.name,
            asked: record.asked,
            site: identity,
          }),
          ...(firstProgramDone ? { firstProgramDone } : {}),
        },
        folder,
        begun: spool.lastNumber > 0,
        content: new ContentWithPatience(
          new SiteContent(
            record.content === 'FromPoint' ? new PassingContent(cache) : cache,
            { packages, contents, applications },
            logger,
            reachOf(record),
          ),
          {
            purpose: record.purpose,
            expiresAt: record.expiresAt,
            timeZone: ownTimeZone(),
            now: Date.now,
            stopped: stop.signal,
          },
          logger,
        ),
        signal,
        stop: limit.signal,
        stopBetweenSteps: stop.signal,
        restarted: () => {
          // Noted at once: the next restart may be asked for before anything of this boot is reported.
          const another = boot.isAnother();
          boot.write();
          return another;
        },
        restart: (request, last) =>
          this.restart(
            { record, request, last, told: told === undefined ? undefined : Date.parse(told) },
            { logger, signal, limit: limit.signal, stop: stop.signal },
          ),
        onWarning: (reason) => logger.warn({ code: 'journal.torn', reason }, 'the journal was cut'),
        onReport: (report, replayed) => {
          // Noted before it is told, and again after a crash: a program that has succeeded must not run a second time.
          if (runFirst && !firstProgramDone && isFirstSuccess(report)) firstPrograms.note(runFirst, report.at);
          spool.append(report);
          if (replayed) return;
          // From here on a restart that is asked for is one after this boot.
          boot.write();
          const { event, path, outcome, exitCode } = report;
          logger.info({ number: report.number, event, path, outcome, exitCode, code: report.code }, 'reported');
          news.ring();
        },
      });
    } finally {
      this.current = undefined;
      limit.clear();
    }
  }

  /** Counts down again whenever people put it off, until it comes, may not come now, or the run is to end. */
  private async restart(
    { record, request, last, told: before }: Restart,
    { logger, signal, limit, stop }: RestartSignals,
  ): Promise<RestartAnswer> {
    const { restart, tellCommand, settings, records } = this.options;
    let told = before;
    for (;;) {
      const plan = last ? this.options.lastRestart(record, request.delaySeconds, told) : undefined;
      if (plan?.kind === 'later') {
        this.noteRestart(record, 'none', logger);
        return plan;
      }
      const countdown = new AbortController();
      this.countdown = last ? countdown : undefined;
      const answer = await restartComputer(
        plan ? { ...request, delaySeconds: Math.max(0, plan.ends - Date.now()) / 1000 } : request,
        {
          ...restart,
          tellCommand,
          organisation: settings().organisationName,
          stateFolder: records.folderOf(record.runId),
          ...(plan ? { finalMilliseconds: plan.finalMilliseconds, isTold: plan.isTold } : {}),
          putOff: AbortSignal.any([countdown.signal, stop]),
          comes: (at) => {
            told = at === undefined ? undefined : (plan?.ends ?? at);
            this.noteRestart(record, told, logger, {
              ...(last ? { last } : {}),
              ...(plan?.snoozed === true ? { snoozed: true } : {}),
            });
          },
          log: (message, fields) => logger.warn({ code: 'run.restart', ...fields }, message),
        },
        last ? signal : AbortSignal.any([signal, limit]),
      ).finally(() => (this.countdown = undefined));
      if (answer.kind === 'put-off' && !stop.aborted) continue;
      if (answer.kind === 'pending') return answer;
      this.noteRestart(record, 'none', logger);
      // The site wants the run to end: it goes on with that.
      return answer.kind === 'put-off' ? { kind: 'pending' } : answer;
    }
  }

  /** For people who ask; no restart depends on it. */
  private noteRestart(
    { runId }: RunRecord,
    at: number | undefined | 'none',
    logger: Logger,
    more: Parameters<RunRecords['noteRestart']>[2] = {},
  ): void {
    try {
      this.options.records.noteRestart(runId, at, more);
      if (more.snoozed === true) this.options.snoozeNoted();
    } catch (error) {
      logger.warn(describeError(error), 'when the computer restarts cannot be shown');
    }
  }

  private end(record: RunRecord, outcome: Parameters<RunRecords['end']>[1], logger: Logger): void {
    this.options.records.end(record, outcome);
    const { result, exitCode, code, message } = outcome;
    logger.info({ result, exitCode, code, reason: message }, 'run ended');
  }
}

/** A restart that a run asks for. */
interface Restart {
  readonly record: RunRecord;
  readonly request: RestartRequest;
  readonly last: boolean;
  /** When people were told that it comes, in milliseconds since 1970; undefined: they were not. */
  readonly told: number | undefined;
}

interface RestartSignals {
  readonly logger: Logger;
  /** The agent is to let go. */
  readonly signal: AbortSignal;
  /** The time of the run is over: not for its last restart. */
  readonly limit: AbortSignal;
  /** The site wants the run to end. */
  readonly stop: AbortSignal;
}

/** Did the program that runs first, the first instruction of its run, succeed? */
function isFirstSuccess({ event, position, outcome }: StepReport): boolean {
  return event === 'step-finished' && position === 0 && outcome === 'succeeded';
}

/** In which boot a run was last at work: how a restart that was asked for is told from a restart of the agent. */
class BootNote {
  private noted: string | undefined;

  constructor(
    private readonly path: string,
    private readonly current: string | undefined,
  ) {
    this.noted = readIfPresent(path);
  }

  isAnother(): boolean {
    // Where boots have no id, whoever starts the agent again is believed.
    return this.current === undefined || this.noted !== this.current;
  }

  write(): void {
    if (this.current === undefined || this.noted === this.current) return;
    replaceFile(this.path, this.current);
    this.noted = this.current;
  }
}

/** The site learns of a run that its own journal cannot tell of. */
function reportFailure(spool: RunSpool, runId: string, code: string, message: string): void {
  const at = new Date().toISOString();
  if (spool.lastNumber === 0) spool.append({ event: 'run-started', runId, number: 1, at });
  spool.append({
    event: 'run-finished',
    runId,
    number: spool.lastNumber + 1,
    at,
    result: 'failed',
    exitCode: 1,
    code,
    message: message.slice(0, 4000),
  });
}
