import { Inject, Injectable } from '@nestjs/common';
import type { ReportsRequest, ReportsResponse } from '@muster/contracts/agent/reports.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import { Batches } from '@muster/persistence/batches.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import type { MusterError } from '@muster/platform/errors.js';
import { currentTraceparent } from '@muster/platform/trace.js';
import { type Delivery, refusalOfDeployments, refusalOfRuns, toDelivery } from './delivery.js';
import { groupReports } from './group-reports.js';
import { type ReportedRun, ReportRepository } from './report.repository.js';

/** Reports in one transaction; as many as a device may send at once go alone. */
const MOST_REPORTS = 500;
/** Transactions at once: some wait for the disk while others are made. */
const AT_ONCE = 3;

/** Undefined: taken. */
type Outcome = MusterError | undefined;

/**
 * Takes in what devices tell of their runs: durable before it is acknowledged, and made a fact exactly once however
 * often it is sent. A delivery is taken as a whole or not at all; a refusal lists every report that is the reason, so
 * that the agent can set those aside and send the rest. Deliveries that come at the same time share a transaction (ADR 42); what is
 * wrong with one is no matter to the others.
 */
@Injectable()
export class ReportIntake {
  private readonly batches = new Batches<Delivery, Outcome>(
    (deliveries) => this.takeTogether(deliveries),
    { atOnce: AT_ONCE, most: MOST_REPORTS, pauseMilliseconds: 3 },
    ({ reports }) => reports.length,
  );

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(ReportRepository) private readonly repository: ReportRepository,
  ) {}

  /**
   * @throws MusterError `reports.invalid-run` (invalid), `reports.not-assigned`, `reports.foreign-run` (forbidden),
   *   `reports.other-deployment` (conflict)
   */
  async take(deviceUid: string, request: ReportsRequest): Promise<ReportsResponse> {
    const refusal = await this.batches.add(toDelivery(deviceUid, request, currentTraceparent()));
    if (refusal) throw refusal;
    return { acknowledged: request.reports.map(({ report: { runId, number } }) => ({ runId, number })) };
  }

  /** All that can be taken in one transaction, which a refused delivery leaves without a trace: it is begun again without it. */
  private async takeTogether(deliveries: readonly Delivery[]): Promise<Outcome[]> {
    const refused = new Map<Delivery, MusterError>();
    for (;;) {
      const left = deliveries.filter((delivery) => !refused.has(delivery));
      if (left.length === 0) break;
      try {
        await this.database.transaction((tx) => this.keep(tx, left));
        break;
      } catch (error) {
        if (!(error instanceof Refusals)) throw error;
        for (const [delivery, refusal] of error.refused) refused.set(delivery, refusal);
      }
    }
    return deliveries.map((delivery) => refused.get(delivery));
  }

  /** @throws Refusals: nothing may be kept of these */
  private async keep(tx: Transaction, deliveries: readonly Delivery[]): Promise<void> {
    const wanted = runsOf(deliveries);
    const pairs = new Map(wanted.all.map((run) => [pairOf(run), run]));
    const reportable = new Set((await this.repository.findReportable(tx, [...pairs.values()])).map(pairOf));
    throwRefusals(deliveries, (one) =>
      refusalOfDeployments(one, (deviceUid, deploymentUid) => reportable.has(pairOf({ deviceUid, deploymentUid }))),
    );
    const runs = await this.repository.claimRuns(tx, [...wanted.first.values()]);
    const owners = new Map(runs.map((run) => [run.runId, run]));
    throwRefusals(deliveries, (one) => refusalOfRuns(one, owners));

    const incoming = deliveries.flatMap(({ reports }) => reports);
    const added = await this.repository.addNew(
      tx,
      incoming.map(({ report, json }) => ({ runId: report.runId, number: report.number, json })),
    );
    const isNew = new Set(added.map(({ runId, number }) => `${runId} ${number}`));
    // A number that is twice here was kept once: the first.
    const fresh = incoming
      .map(({ report }) => report)
      .filter(({ runId, number }) => isNew.delete(`${runId} ${number}`));
    const facts = groupReports(fresh).map(({ runId, reports }) => {
      const { deviceUid = '', deploymentUid = '' } = owners.get(runId) ?? {};
      const { sequenceDigest, traceparent } = wanted.told.get(runId) ?? {};
      const payload = { deviceUid, deploymentUid, runId, ...(sequenceDigest && { sequenceDigest }), reports };
      return { payload, traceparent };
    });
    await this.outbox.addMany(
      tx,
      runReported,
      facts.map(({ payload }) => payload),
      facts.map(({ traceparent }) => traceparent),
    );
  }
}

/** Why deliveries cannot be taken, to leave the transaction with. */
class Refusals extends Error {
  constructor(readonly refused: ReadonlyMap<Delivery, MusterError>) {
    super('deliveries are refused');
  }
}

function throwRefusals(
  deliveries: readonly Delivery[],
  refusalOf: (delivery: Delivery) => MusterError | undefined,
): void {
  const refused = new Map<Delivery, MusterError>();
  for (const delivery of deliveries) {
    const refusal = refusalOf(delivery);
    if (refusal) refused.set(delivery, refusal);
  }
  if (refused.size > 0) throw new Refusals(refused);
}

type Told = { sequenceDigest: Delivery['reports'][number]['sequenceDigest']; traceparent: string | undefined };

/**
 * The runs of deliveries: all; each once, as the first of its reports has it; and what the first report that says so says of the revision
 * that it runs.
 */
function runsOf(deliveries: readonly Delivery[]): {
  all: ReportedRun[];
  first: Map<string, ReportedRun>;
  told: Map<string, Told>;
} {
  const all: ReportedRun[] = [];
  const first = new Map<string, ReportedRun>();
  const told = new Map<string, Told>();
  for (const { deviceUid, reports, traceparent } of deliveries) {
    for (const { deploymentUid, sequenceDigest, report } of reports) {
      const { runId } = report;
      const run = { runId, deviceUid, deploymentUid };
      all.push(run);
      if (!first.has(runId)) first.set(runId, run);
      if (told.get(runId)?.sequenceDigest === undefined)
        told.set(runId, { sequenceDigest, traceparent: told.get(runId)?.traceparent ?? traceparent });
    }
  }
  return { all, first, told };
}

function pairOf({ deviceUid, deploymentUid }: { deviceUid: string; deploymentUid: string }): string {
  return `${deviceUid} ${deploymentUid}`;
}
