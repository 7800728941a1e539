import { type Fate, fateOfStart } from '@muster/schedule/fate.js';
import { content } from '../daemon/judge-preparation.js';
import { contentSays, describePreparation } from '../daemon/preparations-output.js';
import type { Preparation } from '../daemon/preparations.js';
import type { RunRecord } from '../daemon/run-records.js';
import { runSays } from '../daemon/run-says.js';
import type { AssignmentFate } from '../policy/decide.js';
import { decisionSays } from '../policy/decision-says.js';

/** A fate, and what people read of it. */
export type SaidFate = Fate & {
  readonly says: string;
  /** Behind a run that has ended it says nothing that this run does not tell. */
  readonly quiet?: true;
};

/** What else is known where a fate is told. */
export interface Surroundings {
  readonly now: number;
  /** Of this assignment as it is now. */
  readonly preparation: Preparation | undefined;
  readonly hasRun: boolean;
  /** Were people told when it begins? */
  readonly warned: boolean;
  /** Another run goes on. */
  readonly busy: boolean;
  /** Why the secrets of any run cannot be opened. */
  readonly secrets: string | undefined;
}

/**
 * What the site is told of an assignment of which no run goes on; undefined: its run begins now, or is about to. As `muster-agent list`
 * says it, but that a next try is no news. Pure.
 */
export function fateToTell({ assignment, decision }: AssignmentFate, known: Surroundings): SaidFate | undefined {
  const { now, preparation, hasRun, warned, busy, secrets } = known;
  if (secrets !== undefined) return { state: 'waiting', reason: 'secrets', says: `waits: ${secrets}` };
  const says = decisionSays(decision, now);
  switch (decision.state) {
    case 'no-body':
      return { state: 'waiting', reason: 'policy', says };
    case 'disabled':
      return { state: 'waiting', reason: 'disabled', says };
    case 'rejected':
      return { state: 'rejected', says };
    case 'no-permit':
      return { state: 'waiting', reason: 'permit', says };
    case 'start': {
      const ofContent = preparation && fateOfContent(preparation, decision, content(assignment));
      if (ofContent) return ofContent;
      if (busy) return { state: 'waiting', reason: 'other-run', says: 'waits for another run to end' };
      if (!warned && decision.snoozed !== true) return undefined;
    }
  }
  const fate = fateOfStart(decision, now);
  if (!fate) return undefined;
  // Another time at which it is not run again is no news.
  const { until, ...told } = fate;
  const isQuiet = hasRun && (fate.state === 'expired' || (fate.reason === 'trigger' && until === undefined));
  return {
    ...told,
    says,
    ...(until === undefined || fate.state === 'not-rerun' ? {} : { until }),
    ...(isQuiet ? { quiet: true } : {}),
  };
}

/** What it is told of a run that has done all but a restart which people here put off; undefined: they did not. Pure. */
export function fateOfRun(run: Pick<RunRecord, 'restart' | 'restartWaits'>, now: number): SaidFate | undefined {
  const { restart, restartWaits } = run;
  const until = Date.parse((restart?.snoozed === true ? restart.at : restartWaits?.snoozedUntil) ?? '');
  if (Number.isNaN(until)) return undefined;
  const says = runSays({ restartWaits: { snoozedUntil: new Date(until).toISOString() } }, now);
  return { state: 'waiting', reason: 'snoozed', until, says };
}

function fateOfContent(
  preparation: Preparation,
  decision: AssignmentFate['decision'],
  wanted: ReturnType<typeof content>,
): SaidFate | undefined {
  const told = describePreparation(preparation, decision, wanted);
  if (told?.state === undefined || preparation.refused) return undefined;
  const until = preparation.deadline === undefined ? {} : { until: Date.parse(preparation.deadline) };
  // Between two tries it is looked for again: until one succeeds it waits.
  const waits = told.state === 'waits-for-content' || preparation.code !== undefined;
  return waits
    ? { state: 'waiting', reason: 'content', says: contentSays(preparation), ...until }
    : { state: 'downloading', says: told.says ?? '', ...until };
}
