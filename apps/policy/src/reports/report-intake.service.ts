import { Inject, Injectable } from '@nestjs/common';
import type { ReportsRequest, ReportsResponse } from '@muster/contracts/agent/reports.js';
import { runReported } from '@muster/contracts/events/run-reported.js';
import { Batches } from '@muster/persistence/batches.js';
import { Database, type Queryable, type Transaction } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import type { MusterError } from '@muster/platform/errors.js';
import { currentTraceparent } from '@muster/platform/trace.js';
import type { z } from 'zod';
import { type Delivery, type IncomingReport, refusalOfDeployments, refusalOfRuns, toDelivery } from './delivery.js';
import { groupReports, type ReportGroup } from './group-reports.js';
import { type NumberRange, type ReportedRun, ReportRepository } from './report.repository.js';

/** Reports in one transaction; as many as a device may send at once go alone. */
const MOST_REPORTS = 500;
/** Transactions at once: some wait for the disk while others are made. */
const AT_ONCE = 3;
/** Deliveries that wait for their answer at one time: with so many, deriving runs from reports has time until later. */
const CROWD = 8;
/** A crowd that is answered comes again after a moment. */
const CROWD_MILLISECONDS = 250;

type RunReported = z.infer<typeof runReported.payload>;

/** A fact as it is kept: its reports are in their own table already, and are put in when it is read. */
type KeptFact = Omit<RunReported, 'reports'> & Pick<ReportGroup, 'ranges'>;

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
  private underWay = 0;
  private crowdedAt = -Infinity;

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(ReportRepository) private readonly repository: ReportRepository,
  ) {
    outbox.complete<KeptFact | RunReported>(runReported, (queryable, facts) => this.complete(queryable, facts));
    outbox.mayWaitWhile(() => performance.now() - this.crowdedAt < CROWD_MILLISECONDS);
  }

  /**
   * @throws MusterError `reports.invalid-run` (invalid), `reports.not-assigned`, `reports.foreign-run` (forbidden),
   *   `reports.other-deployment` (conflict)
   */
  async take(deviceUid: string, request: ReportsRequest): Promise<ReportsResponse> {
    const delivery = toDelivery(deviceUid, request, currentTraceparent());
    this.underWay += 1;
    if (this.underWay >= CROWD) this.crowdedAt = performance.now();
    try {
      const refusal = await this.batches.add(delivery);
      if (refusal) throw refusal;
    } finally {
      this.underWay -= 1;
    }
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
    const { pairs, runs: told } = runsOf(deliveries);
    tx.byKeys();
    // Sent together, answered one after the other: what is known is asked for behind the lock on the runs.
    const [reportablePairs, runs, known] = await Promise.all([
      this.repository.findReportable(tx, [...pairs.values()]),
      this.repository.claimRuns(tx, [...told.values()]),
      this.repository.numbersOf(tx, [...told.values()]),
    ]);
    const reportable = new Set(reportablePairs.map(pairOf));
    throwRefusals(deliveries, (one) =>
      refusalOfDeployments(one, (deviceUid, deploymentUid) => reportable.has(pairOf({ deviceUid, deploymentUid }))),
    );
    const owners = new Map(runs.map((run) => [run.runId, run]));
    throwRefusals(deliveries, (one) => refusalOfRuns(one, owners));

    const fresh = notKnown(deliveries, known);
    if (fresh.length === 0) return;
    tx.last(this.repository.add(tx, fresh));
    const facts = groupReports(fresh).map(({ runId, ranges }): { kept: KeptFact; traceparent: string | undefined } => {
      const { deviceUid = '', deploymentUid = '' } = owners.get(runId) ?? {};
      const { sequenceDigest, traceparent } = told.get(runId) ?? {};
      return {
        kept: { deviceUid, deploymentUid, runId, ...(sequenceDigest && { sequenceDigest }), ranges },
        traceparent,
      };
    });
    tx.last(
      this.outbox.addMany<KeptFact>(
        tx,
        runReported,
        facts.map(({ kept }) => kept),
        facts.map(({ traceparent }) => traceparent),
      ),
    );
  }

  /** Facts as others read them. Those of a version that kept the reports in the fact are whole already. */
  private async complete(database: Queryable, facts: readonly (KeptFact | RunReported)[]): Promise<string[]> {
    const ranges = facts.map((fact) =>
      'ranges' in fact ? fact.ranges.map(([first, last]) => ({ runId: fact.runId, first, last })) : [],
    );
    const texts = await this.repository.read(database, ranges.flat());
    return facts.map((fact, index) => {
      if (!('ranges' in fact)) return JSON.stringify(fact);
      const { ranges: _, ...rest } = fact;
      const reports = texts.splice(0, ranges[index]?.length ?? 0);
      return `${JSON.stringify(rest).slice(0, -1)},"reports":[${reports.filter(Boolean).join()}]}`;
    });
  }
}

/** Those that are new, in their order. Of two with one number the first counts. */
function notKnown(
  deliveries: readonly Delivery[],
  known: readonly { readonly runId: string; readonly number: number }[],
): IncomingReport[] {
  const numbers = new Map<string, Set<number>>();
  const numbersOf = (runId: string): Set<number> => {
    const found = numbers.get(runId) ?? new Set();
    numbers.set(runId, found);
    return found;
  };
  for (const { runId, number } of known) numbersOf(runId).add(number);
  const fresh: IncomingReport[] = [];
  for (const { reports } of deliveries) {
    for (const incoming of reports) {
      const { runId, number } = incoming;
      const seen = numbersOf(runId);
      if (seen.has(number)) continue;
      seen.add(number);
      fresh.push(incoming);
    }
  }
  return fresh;
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

/** What deliveries say of a run: whose the first report has it, and between which numbers it is told of. */
interface RunOfDeliveries extends ReportedRun, NumberRange {
  runId: string;
  first: number;
  last: number;
  /** The revision that it runs, as the first report that says so has it. */
  sequenceDigest: IncomingReport['sequenceDigest'];
  traceparent: string | undefined;
}

/** Each device with each deployment that it reports on, and the runs by their ids. */
function runsOf(deliveries: readonly Delivery[]): {
  pairs: Map<string, Omit<ReportedRun, 'runId'>>;
  runs: Map<string, RunOfDeliveries>;
} {
  const pairs = new Map<string, Omit<ReportedRun, 'runId'>>();
  const runs = new Map<string, RunOfDeliveries>();
  for (const { deviceUid, reports, traceparent } of deliveries) {
    let pair: Omit<ReportedRun, 'runId'> | undefined;
    let run: RunOfDeliveries | undefined;
    for (const { runId, deploymentUid, number, sequenceDigest } of reports) {
      if (pair?.deploymentUid !== deploymentUid) {
        pair = { deviceUid, deploymentUid };
        pairs.set(pairOf(pair), pair);
      }
      if (run?.runId !== runId) {
        const begun = { runId, deviceUid, deploymentUid, first: number, last: number, sequenceDigest, traceparent };
        run = runs.get(runId) ?? begun;
        runs.set(runId, run);
      }
      run.first = Math.min(run.first, number);
      run.last = Math.max(run.last, number);
      run.sequenceDigest ??= sequenceDigest;
      run.traceparent ??= traceparent;
    }
  }
  return { pairs, runs };
}

function pairOf({ deviceUid, deploymentUid }: { deviceUid: string; deploymentUid: string }): string {
  return `${deviceUid} ${deploymentUid}`;
}
