import type { Digest } from '@muster/contracts/digest.js';
import type { Database, Queryable } from '@muster/persistence/database.js';

/** What is known of compressed copies of the library's blobs. */
export class CompressedCopyRepository {
  /** Whether blobs shrink, of those where that is known. They were asked for: their copies stay for another while. */
  async askedFor(database: Queryable, digests: readonly Digest[]): Promise<Map<Digest, boolean>> {
    const rows = await database.query<{ digest: Digest; shrinks: boolean }>(
      `with asked as (select digest from compressed_copy where digest = any($1::text[]) order by digest for update)
       update compressed_copy copy set asked_at = now() from asked where copy.digest = asked.digest
       returning copy.digest, copy.shrinks`,
      [digests],
    );
    return new Map(rows.map(({ digest, shrinks }) => [digest, shrinks]));
  }

  async add(database: Queryable, digest: Digest, shrinks: boolean): Promise<void> {
    await database.query(
      `insert into compressed_copy (digest, shrinks) values ($1, $2)
       on conflict (digest) do update set shrinks = excluded.shrinks, made_at = now(), asked_at = now()`,
      [digest, shrinks],
    );
  }

  /** They go the next time that what is due goes, whoever asks for them until then. */
  async makeDue(database: Queryable, digests: readonly Digest[]): Promise<void> {
    await database.query(`update compressed_copy set made_at = '-infinity' where digest = any($1::text[])`, [digests]);
  }

  /**
   * Takes away what nobody asked for in so many minutes, and what is a day old: a copy that went bad is made anew. Who asks meanwhile
   * waits, and then finds none.
   *
   * @param remove takes the object away
   * @returns how many there were; fewer than `most`: no more are due
   */
  async removeDue(
    database: Database,
    minutes: number,
    most: number,
    remove: (digest: Digest) => Promise<void>,
  ): Promise<number> {
    return database.transaction(async (tx) => {
      const due = await tx.query<{ digest: Digest; shrinks: boolean }>(
        `select digest, shrinks from compressed_copy
         where asked_at < now() - make_interval(mins => $1) or made_at < now() - interval '1 day'
         order by digest limit $2 for update skip locked`,
        [minutes, most],
      );
      for (const { digest, shrinks } of due) if (shrinks) await remove(digest);
      await tx.query('delete from compressed_copy where digest = any($1::text[])', [due.map(({ digest }) => digest)]);
      return due.length;
    });
  }
}
