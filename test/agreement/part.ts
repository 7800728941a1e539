import { parentPort } from 'node:worker_threads';
import { countVerdicts, findDisagreement } from './compare.js';
import { findContentDisagreement } from './content-order.js';
import { findStepDisagreement } from './step-fates.js';

/** Cases by their numbers. */
export interface Part {
  readonly from: number;
  readonly count: number;
}

export interface PartAnswer {
  /** The first disagreement, in words; undefined: all agree. */
  readonly problem: string | undefined;
  /** How often the cases reached each verdict, and their steps each fate. */
  readonly verdicts: ReadonlyMap<string, number>;
  readonly fates: ReadonlyMap<string, number>;
}

// A thread of its own compares part after part; `main.ts` hands them out.
parentPort?.on('message', async ({ from, count }: Part) => {
  const fates = new Map<string, number>();
  const problem =
    findDisagreement(from, count) ??
    findStepDisagreement(from, count, fates) ??
    (await findContentDisagreement(from, count));
  const answer: PartAnswer = { problem, verdicts: countVerdicts(from, count), fates };
  parentPort?.postMessage(answer);
});
