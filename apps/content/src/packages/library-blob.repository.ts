import type { Digest } from '@muster/contracts/digest.js';
import type { Queryable } from '@muster/persistence/database.js';

/** Which blobs the library was proven to hold. */
export class LibraryBlobRepository {
  /** Of these, the ones that are not proven. One query, whatever the number. */
  async findMissing(database: Queryable, digests: readonly Digest[]): Promise<Set<Digest>> {
    const rows = await database.query<{ digest: Digest }>(
      `select wanted.digest from unnest($1::text[]) as wanted (digest)
       where not exists (select 1 from library_blob where digest = wanted.digest and problem is null
         and removing_at is null)`,
      [digests],
    );
    return new Set(rows.map(({ digest }) => digest));
  }

  /** Of these, the ones of which nothing is known: bytes may have come of which nobody heard. */
  async findUnknown(database: Queryable, digests: readonly Digest[]): Promise<Set<Digest>> {
    const rows = await database.query<{ digest: Digest }>(
      `select wanted.digest from unnest($1::text[]) as wanted (digest)
       where not exists (select 1 from library_blob where digest = wanted.digest)`,
      [digests],
    );
    return new Set(rows.map(({ digest }) => digest));
  }

  /** How large they are, as far as they are known. */
  async findSizes(database: Queryable, digests: readonly Digest[]): Promise<Map<Digest, number>> {
    const rows = await database.query<{ digest: Digest; size: string }>(
      'select digest, size from library_blob where digest = any($1::text[])',
      [digests],
    );
    return new Map(rows.map(({ digest, size }) => [digest, Number(size)]));
  }

  async addProven(database: Queryable, blobs: readonly { digest: Digest; size: number }[]): Promise<void> {
    if (blobs.length === 0) return;
    await database.query(
      `insert into library_blob (digest, size) select * from unnest($1::text[], $2::bigint[])
       on conflict (digest) do update set proven_at = now(), problem = null, unneeded_since = null, removing_at = null`,
      [blobs.map(({ digest }) => digest), blobs.map(({ size }) => size)],
    );
  }

  /**
   * The library's copy turned out to be wrong or gone: the next upload of these bytes brings them again, and the audit
   * looks at once whether a point can.
   */
  async disprove(database: Queryable, digest: Digest, problem: string): Promise<void> {
    await database.query(`update library_blob set problem = $2, check_due_at = 'epoch' where digest = $1`, [
      digest,
      problem,
    ]);
  }
}
