import { Inject, Injectable } from '@nestjs/common';
import type { FatesRequest, FatesResponse } from '@muster/contracts/agent/fates.js';
import { fatesTold } from '@muster/contracts/events/fates-told.js';
import { Batches } from '@muster/persistence/batches.js';
import { Database } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { ReportRepository } from '../reports/report.repository.js';
import { storable } from '../storable.js';
import { factsOf, newestOf, pairOf, type TakenFate } from './facts-of-fates.js';

/** Fates in one transaction; as many as a device may send at once go alone. */
const MOST_AT_ONCE = 2_000;
/** Transactions at once: some wait for the disk while others are made. */
const AT_ONCE = 2;

/**
 * Passes on what becomes of deployments at devices; keeps nothing of it here. Devices that tell at the same time share a transaction
 * and a fact (ADR 42): a fleet that hears of a deployment tells of it in a few rows. Told twice is told once, for the greatest number
 * counts wherever it is kept.
 */
@Injectable()
export class FateIntake {
  private readonly batches = new Batches<readonly TakenFate[], number[]>(
    (deliveries) => this.takeTogether(deliveries),
    { atOnce: AT_ONCE, most: MOST_AT_ONCE, pauseMilliseconds: 20 },
    (fates) => fates.length,
  );

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Outbox) private readonly outbox: Outbox,
    @Inject(ReportRepository) private readonly repository: ReportRepository,
  ) {}

  /** Acknowledged means that the fact is durable. What is not, and was not, for this device is left out. */
  async take(deviceUid: string, { fates }: FatesRequest): Promise<FatesResponse> {
    const taken = fates.map((fate) => ({
      ...storable(fate),
      deviceUid,
      deploymentUid: fate.deploymentUid.toLowerCase(),
    }));
    return { acknowledged: await this.batches.add(taken) };
  }

  private async takeTogether(deliveries: readonly (readonly TakenFate[])[]): Promise<number[][]> {
    const newest = newestOf(deliveries.flat());
    return this.database.transaction(async (tx) => {
      tx.byKeys();
      const known = new Set((await this.repository.findReportable(tx, newest)).map(pairOf));
      const facts = factsOf(newest.filter((fate) => known.has(pairOf(fate))));
      if (facts.length > 0) await this.outbox.addMany(tx, fatesTold, facts);
      return deliveries.map((fates) => fates.filter((fate) => known.has(pairOf(fate))).map(({ number }) => number));
    });
  }
}
