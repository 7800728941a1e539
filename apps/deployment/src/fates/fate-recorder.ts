import type { Transaction } from '@muster/persistence/database.js';
import type { MembershipRepository } from '../membership/membership.repository.js';
import type { FateOfDevice } from './fate-row.js';
import type { FateRepository } from './fate.repository.js';

/** Turns what devices tell apart from runs into what is known of them, however many facts come together with one statement (ADR 45). */
export class FateRecorder {
  constructor(
    private readonly repository: FateRepository,
    private readonly membership: Pick<MembershipRepository, 'hold'>,
  ) {}

  async apply(tx: Transaction, facts: readonly { readonly fates: readonly FateOfDevice[] }[]): Promise<void> {
    const newest = new Map<string, FateOfDevice>();
    for (const fate of facts.flatMap(({ fates }) => fates)) {
      const pair = `${fate.deviceUid} ${fate.deploymentUid}`;
      if ((newest.get(pair)?.number ?? 0) < fate.number) newest.set(pair, fate);
    }
    // Before rows, as all who change membership do.
    await this.membership.hold(tx);
    await this.repository.keep(tx, [...newest.values()]);
  }
}
