import type { ReportsRequest } from '@muster/contracts/agent/reports.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { MusterError } from '@muster/platform/errors.js';
import type { StepReport } from '@muster/sequence/report.js';
import { storable } from '../storable.js';
import type { ReportedRun } from './report.repository.js';

/** A report of a delivery: what it is known by, and the text in which it is kept. */
export interface IncomingReport {
  readonly deploymentUid: string;
  readonly sequenceDigest: Digest | undefined;
  readonly runId: string;
  readonly number: number;
  readonly json: string;
}

/** What one device sent in one request: taken as a whole or not at all. */
export interface Delivery {
  readonly deviceUid: string;
  readonly reports: readonly IncomingReport[];
  readonly traceparent: string | undefined;
}

/** NUL and lone surrogates, as JSON writes them. Text that only looks like it costs a second look, no more. */
const MAY_NOT_BE_STORABLE = /\\u(?:0000|d[89a-f])/i;

/** @throws MusterError `reports.invalid-run` (invalid) */
export function toDelivery(deviceUid: string, { reports }: ReportsRequest, traceparent: string | undefined): Delivery {
  // Most reports of a delivery are of one run: each text is read, and kept, once.
  let [runId, deploymentUid] = ['', ''];
  const incoming = reports.map((one): IncomingReport => {
    if (one.report.runId !== runId) runId = one.report.runId.toLowerCase();
    if (one.deploymentUid !== deploymentUid) deploymentUid = one.deploymentUid.toLowerCase();
    const report = one.report.runId === runId ? one.report : { ...one.report, runId };
    return { deploymentUid, sequenceDigest: one.sequenceDigest, runId, number: report.number, json: keptText(report) };
  });
  let known: string | undefined;
  const isUid = (text: string): boolean => {
    if (text !== known) known = uidSchema.safeParse(text).success ? text : undefined;
    return text === known;
  };
  throwIf(
    refusalOf(
      incoming,
      ({ runId, number }) => number > 2_147_483_647 || !isUid(runId),
      () =>
        new MusterError('invalid', 'reports.invalid-run', 'A run id must be a UUID, and a number at most 2147483647'),
    ),
  );
  return { deviceUid, reports: incoming, traceparent };
}

function keptText(report: StepReport): string {
  const json = JSON.stringify(report);
  return MAY_NOT_BE_STORABLE.test(json) ? JSON.stringify(storable(report)) : json;
}

/** Why a device may not deliver this; undefined: it may. */
export function refusalOfDeployments(
  { deviceUid, reports }: Delivery,
  isReportable: (deviceUid: string, deploymentUid: string) => boolean,
): MusterError | undefined {
  const found = new Map<string, boolean>();
  return refusalOf(
    reports,
    ({ deploymentUid }) => {
      let reportable = found.get(deploymentUid);
      if (reportable === undefined) found.set(deploymentUid, (reportable = isReportable(deviceUid, deploymentUid)));
      return !reportable;
    },
    ({ deploymentUid }) =>
      new MusterError(
        'forbidden',
        'reports.not-assigned',
        `Deployment ${deploymentUid} is not, and was not, for this device`,
      ),
  );
}

/** Why a delivery does not fit to whose the runs are; undefined: it does. */
export function refusalOfRuns(
  { deviceUid, reports }: Delivery,
  owners: ReadonlyMap<string, ReportedRun>,
): MusterError | undefined {
  return (
    refusalOf(
      reports,
      ({ runId }) => owners.get(runId)?.deviceUid !== deviceUid,
      ({ runId }) => new MusterError('forbidden', 'reports.foreign-run', `Run ${runId} is another device's`),
    ) ??
    refusalOf(
      reports,
      ({ runId, deploymentUid }) => owners.get(runId)?.deploymentUid !== deploymentUid,
      ({ runId }) =>
        new MusterError(
          'conflict',
          'reports.other-deployment',
          `Run ${runId} was reported for another deployment before`,
        ),
    )
  );
}

/** What `failure` makes of the first report that is wrong, with a finding for each one. */
function refusalOf(
  incoming: readonly IncomingReport[],
  isWrong: (one: IncomingReport) => boolean,
  failure: (one: IncomingReport) => MusterError,
): MusterError | undefined {
  const findings: ProblemFinding[] = [];
  let first: MusterError | undefined;
  incoming.forEach((one, index) => {
    if (!isWrong(one)) return;
    const error = failure(one);
    first ??= error;
    findings.push({ path: `/reports/${index}`, code: error.code, message: error.message });
  });
  return first && new MusterError(first.category, first.code, first.message, { findings });
}

function throwIf(error: MusterError | undefined): void {
  if (error) throw error;
}
