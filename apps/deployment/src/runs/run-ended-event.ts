import type { RunSpec, RunStatus } from '@muster/contracts/kinds/run.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Happening } from '../events/event-log.js';

/** What devices say is as long as they like; an event is one sentence. */
const MOST_MESSAGE = 500;

/** How the end of a run is told. Pure. */
export function runEndedEvent({ metadata, spec, status }: Resource<RunSpec, RunStatus>): Happening {
  const { device, deployment, sequence } = spec;
  const about = { device, deployment, run: metadata.name, taskSequence: sequence };
  const subject = `runs/${metadata.name}`;
  const exitCode = status.exitCode === undefined ? {} : { exitCode: status.exitCode };
  if (status.state === 'succeeded') {
    const message = `${sequence} succeeded on ${device} (deployment ${deployment})`;
    return { type: 'run.succeeded', subject, data: { message, ...about, ...exitCode } };
  }
  const step = status.steps.findLast((one) => one.state === 'failed' && !one.continuedOnError);
  const reason = (step?.message ?? status.message ?? '').slice(0, MOST_MESSAGE);
  const where = step ? ` at "${step.path}"` : '';
  const message = `${sequence} failed on ${device} (deployment ${deployment})${where}${reason ? `: ${reason}` : ''}`;
  return {
    type: 'run.failed',
    subject,
    data: { message, ...about, ...(step ? { step: step.path } : {}), ...exitCode },
  };
}
