import { advance } from './advance.js';
import type { ProbeAnswer, WorldExpression } from './conditions/model.js';
import type { Observer } from './observer.js';
import type { StepReport } from './report.js';
import type {
  Effect,
  ExecuteEffect,
  FinishedEffect,
  JournalEntry,
  Run,
  RunEvent,
  RunStarted,
  StepEnded,
} from './run.js';

/** The answer where nobody asked the computer. */
export const NOT_ASKED = {
  error: { code: 'condition.not-asked', message: 'nobody asked the computer' },
} as const satisfies ProbeAnswer;

/** What a step is pretended to have done. */
export type SimulatedOutcome = Omit<StepEnded, 'type' | 'position' | 'attempt'> | 'interrupted';

/** A whole run on paper: the journal it would have written, its reports, the steps it would have executed. */
export interface Simulation {
  readonly run: Run;
  readonly entries: readonly JournalEntry[];
  readonly reports: readonly StepReport[];
  readonly executed: readonly ExecuteEffect[];
  readonly restarts: number;
  readonly finished: Omit<FinishedEffect, 'kind'> | undefined;
}

export interface SimulationOptions {
  /** Events at most: a sequence may ask for restarts for ever. */
  readonly maximumEvents?: number | undefined;
  /** The computer's answers; without it every expression but those over variables stays undecided. */
  readonly probe?: ((question: WorldExpression) => ProbeAnswer) | undefined;
  readonly observer?: Observer | undefined;
}

/**
 * Runs a sequence with pretended outcomes, by the real engine: nothing is executed, waits and restarts are over at
 * once. Stops unfinished after `maximumEvents`.
 */
export function simulate(
  started: RunStarted,
  answer: (effect: ExecuteEffect, run: Run) => SimulatedOutcome,
  now: string,
  { maximumEvents = 1_000_000, probe, observer }: SimulationOptions = {},
): Simulation {
  const entries: JournalEntry[] = [];
  const reports: StepReport[] = [];
  const executed: ExecuteEffect[] = [];
  let restarts = 0;
  let run: Run | undefined;
  let owed: Effect | undefined;
  const send = (event: RunEvent): Run => {
    entries.push({ at: now, event });
    const next = advance(run, event, now, observer);
    for (const effect of next.effects) {
      if (effect.kind === 'report') reports.push(effect.report);
      else owed = effect;
    }
    run = next.run;
    return next.run;
  };
  let state = send(started);
  while (owed && owed.kind !== 'finished' && entries.length < maximumEvents) {
    const effect: Effect = owed;
    owed = undefined;
    if (effect.kind === 'wait') state = send({ type: 'wait-elapsed' });
    else if (effect.kind === 'probe') {
      const answers = effect.questions.map((question) => probe?.(question) ?? NOT_ASKED);
      state = send({ type: 'probe-answered', position: effect.position, answers });
    } else if (effect.kind === 'restart') {
      restarts++;
      state = send({ type: 'restart-completed', phase: effect.target });
    } else if (effect.kind === 'execute') {
      const { position, attempt } = effect;
      state = send({ type: 'step-started', position, attempt });
      executed.push(effect);
      const outcome = answer(effect, state);
      state = send(
        outcome === 'interrupted'
          ? { type: 'interrupted', position }
          : { type: 'step-ended', position, attempt, ...outcome },
      );
    }
  }
  const finished = state.awaiting.kind === 'nothing' ? state.awaiting.finished : undefined;
  return { run: state, entries, reports, executed, restarts, finished };
}
