import { runReported } from '@muster/contracts/events/run-reported.js';
import type { StepReport } from '@muster/sequence/report.js';
import { v7 as uuidv7 } from 'uuid';
import type { World } from './world.js';

/** Publishes what a device reports of a run with one step, from its start to its end; answers the run's uid. */
export async function reportRun(
  world: Pick<World, 'policy'>,
  of: { deviceUid: string; deploymentUid: string },
  ends: 'succeeded' | 'failed' | undefined,
  runId = uuidv7(),
): Promise<string> {
  const at = new Date().toISOString();
  const failure = ends === 'failed' ? { exitCode: 7, code: 'step.exit-code', message: 'it ended with 7' } : {};
  const reports: StepReport[] = [
    { runId, number: 1, at, event: 'run-started', total: 1 },
    { runId, number: 2, at, event: 'step-started', path: 'Only', attempt: 1 },
  ];
  if (ends !== undefined) {
    reports.push(
      { runId, number: 3, at, event: 'step-finished', path: 'Only', outcome: ends, attempt: 1, ...failure },
      { runId, number: 4, at, event: 'run-finished', result: ends, exitCode: ends === 'failed' ? 7 : 0 },
    );
  }
  await world.policy.publish(runReported, { runId, reports, ...of });
  return runId;
}
