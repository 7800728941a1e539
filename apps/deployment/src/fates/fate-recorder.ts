import type { Transaction } from '@muster/persistence/database.js';
import type { FateOfDevice } from './fate-row.js';
import type { FateRepository } from './fate.repository.js';

/** Turns what devices tell apart from runs into what is known of them, however many facts come together with one statement (ADR 45). */
export class FateRecorder {
  constructor(private readonly repository: FateRepository) {}

  /** The caller holds membership as it is. */
  async apply(tx: Transaction, facts: readonly { readonly fates: readonly FateOfDevice[] }[]): Promise<void> {
    const newest = new Map<string, FateOfDevice>();
    for (const fate of facts.flatMap(({ fates }) => fates)) {
      const pair = `${fate.deviceUid} ${fate.deploymentUid}`;
      if ((newest.get(pair)?.number ?? 0) < fate.number) newest.set(pair, fate);
    }
    await this.repository.keep(tx, [...newest.values()]);
  }
}
