import type { Digest } from '@muster/contracts/digest.js';
import type { Database, Queryable, Transaction } from '@muster/persistence/database.js';

/** Held alone by who removes from the library, and together by all who announce versions: see {@link LibraryRemovalRepository}. */
const LIBRARY_LOCK = `hashtext('muster content library removal')`;

const needed = (blob: string) => `exists (
  select 1 from manifest_blob named join package_version version on version.manifest = named.manifest
  where named.digest = ${blob}.digest)`;

/**
 * Blobs of the library that no version needs any more. Whoever announces a version that needs one comes before the removal, which
 * then sees the version, or behind it, and then the blob counts as missing and is sent again: an announcement holds
 * the lock until its version is there, and a removal while it decides and while objects go.
 */
export class LibraryRemovalRepository {
  /** An announcement waits here while objects are being removed, and lets none be removed before its transaction ends. */
  async announcing(tx: Transaction): Promise<void> {
    await tx.query(`select pg_advisory_xact_lock_shared(${LIBRARY_LOCK})`);
  }

  /** Forgets uploads that were broken off and never taken up again. */
  async forgetUploads(database: Queryable, days: number): Promise<void> {
    await database.query(
      `delete from package_version where state = 'uploading' and created_at < now() - make_interval(days => $1)`,
      [days],
    );
  }

  /** Begins the grace period of what one deleted version had and no other has. False: there was no candidate. */
  async markUnneeded(database: Queryable): Promise<boolean> {
    const rows = await database.query(
      `with candidate as (
         delete from library_removal_candidate where manifest in (
           select manifest from library_removal_candidate limit 1 for update skip locked)
         returning manifest
       ), marked as (
         insert into library_blob (digest, size, problem, unneeded_since)
         select blob.digest, blob.size, 'it was never proven', now()
         from candidate join manifest_blob blob on blob.manifest = candidate.manifest
         where not ${needed('blob')}
         on conflict (digest) do update set unneeded_since = coalesce(library_blob.unneeded_since, now())
       )
       select 1 from candidate`,
    );
    return rows.length > 0;
  }

  /** Takes blobs whose grace period is over, and which count as missing from now on; what is needed again stays. */
  async claim(database: Database, graceMinutes: number, most: number): Promise<Digest[]> {
    return this.alone(database, async (tx) => {
      const rows = await tx.query<{ digest: Digest; removing: boolean }>(
        `with due as (
           select digest from library_blob where unneeded_since <= now() - make_interval(mins => $1)
           order by unneeded_since limit $2 for update skip locked
         )
         update library_blob held set
           removing_at = case when ${needed('held')} then held.removing_at else now() end,
           unneeded_since = case when ${needed('held')} then null else held.unneeded_since end
         from due where held.digest = due.digest
         returning held.digest, held.unneeded_since is not null as removing`,
        [graceMinutes, most],
      );
      return rows.flatMap(({ digest, removing }) => (removing ? [digest] : []));
    });
  }

  /**
   * Removes blobs, unless a version was announced meanwhile that needs them: then they are sent again.
   *
   * @param remove takes the object away; nothing else is decided about the library before it has
   */
  async remove(
    database: Database,
    digests: readonly Digest[],
    remove: (digest: Digest) => Promise<void>,
  ): Promise<number> {
    return this.alone(database, async (tx) => {
      await tx.query(
        `update library_blob held set unneeded_since = null where digest = any($1::text[]) and ${needed('held')}`,
        [digests],
      );
      const rows = await tx.query<{ digest: Digest }>(
        `select digest from library_blob where digest = any($1::text[]) and removing_at is not null
           and unneeded_since is not null for update`,
        [digests],
      );
      for (const { digest } of rows) await remove(digest);
      await tx.query('delete from library_blob where digest = any($1::text[])', [rows.map(({ digest }) => digest)]);
      return rows.length;
    });
  }

  private alone<Result>(database: Database, work: (tx: Transaction) => Promise<Result>): Promise<Result> {
    return database.transaction(async (tx) => {
      await tx.query(`select pg_advisory_xact_lock(${LIBRARY_LOCK})`);
      return work(tx);
    });
  }
}
