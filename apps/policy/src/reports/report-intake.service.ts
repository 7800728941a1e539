import { Inject, Injectable } from '@nestjs/common';
import type { ReportsRequest, ReportsResponse } from '@muster/contracts/agent/reports.js';
import type { Digest } from '@muster/contracts/digest.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { uidSchema } from '@muster/contracts/resource.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { storable } from '../storable.js';
import { groupReports } from './group-reports.js';
import { ReportRepository } from './report.repository.js';

type Incoming = ReportsRequest['reports'];

/**
 * Takes in what devices tell of their runs: durable before it is acknowledged, and made a fact exactly once however
 * often it is sent. A batch is taken as a whole or not at all; a refusal lists every report that is the reason, so
 * that the agent can set those aside and send the rest.
 */
@Injectable()
export class ReportIntake {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(ReportRepository) private readonly repository: ReportRepository,
  ) {}

  /**
   * @throws MusterError `reports.invalid-run` (invalid), `reports.not-assigned`, `reports.foreign-run` (forbidden),
   *   `reports.other-deployment` (conflict)
   */
  async take(deviceUid: string, { reports: sent }: ReportsRequest): Promise<ReportsResponse> {
    const incoming = sent.map(({ report, deploymentUid, ...more }) => ({
      ...more,
      deploymentUid: deploymentUid.toLowerCase(),
      report: { ...storable(report), runId: report.runId.toLowerCase() },
    }));
    refuse(
      incoming,
      ({ report }) => !uidSchema.safeParse(report.runId).success || report.number > 2_147_483_647,
      () =>
        new MusterError('invalid', 'reports.invalid-run', 'A run id must be a UUID, and a number at most 2147483647'),
    );
    await this.checkAssigned(deviceUid, incoming);
    const digests = digestsOf(incoming);
    await this.database.transaction(async (tx) => {
      const runs = await this.repository.claimRuns(tx, deviceUid, runsOf(incoming));
      const owners = new Map(runs.map((run) => [run.runId, run]));
      this.checkRuns(deviceUid, incoming, owners);
      const added = await this.repository.addNew(
        tx,
        incoming.map(({ report }) => report),
      );
      const isNew = new Set(added.map(({ runId, number }) => `${runId} ${number}`));
      // A number that is twice in this batch was kept once: the first.
      const fresh = incoming
        .map(({ report }) => report)
        .filter(({ runId, number }) => isNew.delete(`${runId} ${number}`));
      for (const { runId, reports } of groupReports(fresh)) {
        const deploymentUid = owners.get(runId)?.deploymentUid ?? '';
        const sequenceDigest = digests.get(runId);
        await this.outbox.add(tx, runReported, {
          deviceUid,
          deploymentUid,
          runId,
          ...(sequenceDigest && { sequenceDigest }),
          reports,
        });
      }
    });
    return { acknowledged: sent.map(({ report: { runId, number } }) => ({ runId, number })) };
  }

  private async checkAssigned(deviceUid: string, incoming: Incoming): Promise<void> {
    const wanted = [...new Set(incoming.map(({ deploymentUid }) => deploymentUid))];
    const reportable = new Set(await this.repository.findReportable(this.database, deviceUid, wanted));
    refuse(
      incoming,
      ({ deploymentUid }) => !reportable.has(deploymentUid),
      ({ deploymentUid }) =>
        new MusterError(
          'forbidden',
          'reports.not-assigned',
          `Deployment ${deploymentUid} is not, and was not, for this device`,
        ),
    );
  }

  private checkRuns(
    deviceUid: string,
    incoming: Incoming,
    owners: ReadonlyMap<string, { deviceUid: string; deploymentUid: string }>,
  ): void {
    refuse(
      incoming,
      ({ report }) => owners.get(report.runId)?.deviceUid !== deviceUid,
      ({ report }) => new MusterError('forbidden', 'reports.foreign-run', `Run ${report.runId} is another device's`),
    );
    refuse(
      incoming,
      ({ report, deploymentUid }) => owners.get(report.runId)?.deploymentUid !== deploymentUid,
      ({ report }) =>
        new MusterError(
          'conflict',
          'reports.other-deployment',
          `Run ${report.runId} was reported for another deployment before`,
        ),
    );
  }
}

/** Every run once, with the deployment of its first report here. */
function runsOf(incoming: Incoming): { runId: string; deploymentUid: string }[] {
  const runs = new Map<string, string>();
  for (const { deploymentUid, report } of incoming) if (!runs.has(report.runId)) runs.set(report.runId, deploymentUid);
  return [...runs].map(([runId, deploymentUid]) => ({ runId, deploymentUid }));
}

/** The revision that each run runs, by what the first of its reports here says that says so. */
function digestsOf(incoming: Incoming): Map<string, Digest> {
  const digests = new Map<string, Digest>();
  for (const { sequenceDigest, report } of incoming) {
    if (sequenceDigest !== undefined && !digests.has(report.runId)) digests.set(report.runId, sequenceDigest);
  }
  return digests;
}

/** Throws what `failure` makes of the first report that is wrong, with a finding for each one. */
function refuse(
  incoming: Incoming,
  isWrong: (one: Incoming[number]) => boolean,
  failure: (one: Incoming[number]) => MusterError,
): void {
  const findings: ProblemFinding[] = [];
  let first: MusterError | undefined;
  incoming.forEach((one, index) => {
    if (!isWrong(one)) return;
    const error = failure(one);
    first ??= error;
    findings.push({ path: `/reports/${index}`, code: error.code, message: error.message });
  });
  if (first) throw new MusterError(first.category, first.code, first.message, { findings });
}
