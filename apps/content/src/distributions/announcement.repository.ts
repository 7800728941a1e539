import type { Transaction } from '@muster/persistence/database.js';

/** Which Distributions others should hear of. */
export class AnnouncementRepository {
  /**
   * Takes one whose last announcement is long enough ago. Locks the distribution before the mark, the order in which
   * an apply takes them.
   */
  async claim(tx: Transaction, apartMilliseconds: number): Promise<string | undefined> {
    const [row] = await tx.query<{ uid: string }>(
      `select d.uid from distribution d join distribution_announcement a on a.distribution_uid = d.uid
       where a.wanted and a.announced_at <= now() - make_interval(secs => $1)
       order by a.announced_at limit 1 for update of d skip locked`,
      [apartMilliseconds / 1000],
    );
    if (!row) return undefined;
    await tx.query(
      'update distribution_announcement set wanted = false, announced_at = now() where distribution_uid = $1',
      [row.uid],
    );
    return row.uid;
  }
}
