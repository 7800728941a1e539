import type { Transaction } from '@muster/persistence/database.js';

/** Which key the site signs by, as its processes last knew. */
export class SiteKeyRepository {
  /** Keeps the thumbprint of a key; answers the one before, undefined: it is the same, or the first that is kept. */
  async change(tx: Transaction, thumbprint: string): Promise<string | undefined> {
    const [row] = await tx.query<{ before: string | null }>(
      `with before as (select signing_key from policy_serial for update)
       update policy_serial set signing_key = $1 from before where policy_serial.signing_key is distinct from $1
       returning before.signing_key as before`,
      [thumbprint],
    );
    return row?.before ?? undefined;
  }
}
