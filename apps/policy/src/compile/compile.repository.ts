import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { StartRules } from '@muster/schedule/start-rules.js';
import type { Queryable, Transaction } from '@muster/persistence/database.js';

/** A deployment that this process compiles right now. */
export interface Claim {
  uid: string;
  name: string;
  collectionUid: string;
  generation: number;
  createdAt: Date;
  rules: StartRules;
  /** What devices are told to run; null: nothing. */
  body: string | null;
  /** When it is over for every device. */
  expiresAt: Date | null;
  expired: boolean;
  sequenceDigest: string;
  /** The sequence, when it stays with one revision of that. */
  pinnedTo: string | null;
  inputVersion: number;
  state: string;
  reason: string | null;
  code: string | null;
}

/** Content of any kind, or an application. */
export interface NamedContent {
  readonly kind: string;
  readonly name: string;
}

/** Longer than the questions of one compilation may take. A process that died gives its claims back after it. */
const CLAIM_SECONDS = 15;

/** The work list of the compiler, and what comes out of it. */
export class CompileRepository {
  async claim(database: Queryable, atMost: number): Promise<Claim[]> {
    return database.query<Claim>(
      `update deployment set claimed_until = now() + make_interval(secs => $2)
       where uid in (select uid from deployment
                     where due_at <= now() and deleted_at is null and (claimed_until is null or claimed_until < now())
                     order by due_at limit $1 for update skip locked)
       returning uid, name, collection_uid as "collectionUid", generation, created_at as "createdAt", rules, expires_at as "expiresAt",
                 coalesce(expires_at <= now(), false) as expired, sequence_digest as "sequenceDigest", pinned_to as "pinnedTo",
                 input_version as "inputVersion", assignment ->> 'body' as body, state, reason, reason_code as code`,
      [atMost, CLAIM_SECONDS],
    );
  }

  /** From now on facts about this content and these applications concern this deployment, and about no other. */
  async setContent(tx: Transaction, uid: string, content: readonly NamedContent[]): Promise<void> {
    await tx.query(
      `delete from deployment_package where deployment_uid = $1
         and (kind, package) not in (select * from unnest($2::text[], $3::text[]))`,
      [uid, content.map(({ kind }) => kind), content.map(({ name }) => name)],
    );
    await this.addContent(tx, uid, content);
  }

  /** From now on facts about these concern this deployment too. */
  async addContent(tx: Transaction, uid: string, content: readonly NamedContent[]): Promise<void> {
    await tx.query(
      `insert into deployment_package (deployment_uid, kind, package)
       select $1, kind, name from unnest($2::text[], $3::text[]) as named (kind, name) on conflict do nothing`,
      [uid, content.map(({ kind }) => kind), content.map(({ name }) => name)],
    );
  }

  /** Names of deployments whose devices are told of something, in their order. */
  async findDeploymentsWith(database: Queryable, { kind, name }: NamedContent, limit: number): Promise<string[]> {
    const rows = await database.query<{ name: string }>(
      `select name from deployment where deleted_at is null
         and uid in (select deployment_uid from deployment_package where kind = $1 and package = $2)
       order by name limit $3`,
      [kind, name, limit],
    );
    return rows.map((row) => row.name);
  }

  /** From now on facts about these child sequences concern this deployment. */
  async setSequences(tx: Transaction, uid: string, sequences: readonly string[]): Promise<void> {
    await tx.query(
      `with gone as (delete from deployment_sequence where deployment_uid = $1 and sequence <> all ($2::text[]))
       insert into deployment_sequence (deployment_uid, sequence)
       select $1, sequence from unnest($2::text[]) as sequence on conflict do nothing`,
      [uid, sequences],
    );
  }

  /** From now on facts about this sequence concern this deployment too. */
  async addSequence(tx: Transaction, uid: string, sequence: string): Promise<void> {
    await tx.query(
      'insert into deployment_sequence (deployment_uid, sequence) values ($1, $2) on conflict do nothing',
      [uid, sequence],
    );
  }

  async saveBody(
    tx: Transaction,
    body: {
      digest: string;
      bytes: string;
      manifests: readonly string[];
      secrets: Readonly<Record<string, string>>;
    },
  ): Promise<void> {
    await tx.query('insert into body (digest, bytes) values ($1, $2) on conflict do nothing', [
      body.digest,
      Buffer.from(body.bytes, 'utf8'),
    ]);
    await tx.query(
      `insert into body_manifest (manifest, body_digest) select manifest, $1 from unnest($2::text[]) as manifest
       on conflict do nothing`,
      [body.digest, body.manifests],
    );
    await tx.query(
      `insert into body_secret (body_digest, name, sealed)
       select $1, name, sealed from unnest($2::text[], $3::text[]) as secret (name, sealed)
       on conflict (body_digest, name) do update set sealed = excluded.sealed`,
      [body.digest, Object.keys(body.secrets), Object.values(body.secrets)],
    );
  }

  /**
   * Ends a claim with its outcome. `assignment: 'keep'` leaves what devices are told. How far a rollout is may have changed since
   * the claim, so it is put in here.
   *
   * @returns undefined when the input changed meanwhile (the outcome is void, and the deployment is due again),
   *   else whether devices are told something else now
   */
  async finish(
    tx: Transaction,
    claim: Claim,
    outcome: {
      state: string;
      code: string | null;
      reason: string | null;
      assignment: Assignment | null | 'keep';
      dueAt: Date | null;
    },
  ): Promise<boolean | undefined> {
    const keep = outcome.assignment === 'keep';
    const [row] = await tx.query<{ changed: boolean }>(
      `with before as (select uid, assignment, rollout_change from deployment where uid = $1 and input_version = $2 for update)
       update deployment set state = $3, reason = $4, reason_code = $8, due_at = $5, claimed_until = null,
              assignment = case when $6 then deployment.assignment
                when before.rollout_change is null then $7::jsonb
                else jsonb_set($7::jsonb, '{rollout}', jsonb_build_object('change', before.rollout_change)) end
       from before where deployment.uid = before.uid
       returning deployment.assignment is distinct from before.assignment as changed`,
      [
        claim.uid,
        claim.inputVersion,
        outcome.state,
        outcome.reason,
        outcome.dueAt,
        keep,
        keep || outcome.assignment === null ? null : JSON.stringify(outcome.assignment),
        outcome.code,
      ],
    );
    if (!row) await tx.query('update deployment set claimed_until = null where uid = $1', [claim.uid]);
    return row?.changed;
  }

  /** The body that the assignment names from now on; null: none. */
  async nameBody(tx: Transaction, uid: string, digest: string | null): Promise<void> {
    await tx.query(
      `update deployment_body set ended_at = now()
       where deployment_uid = $1 and ended_at is null and body_digest is distinct from $2`,
      [uid, digest],
    );
    if (digest === null) return;
    await tx.query(
      `insert into deployment_body (deployment_uid, body_digest) values ($1, $2)
       on conflict (deployment_uid, body_digest) do update set ended_at = null where deployment_body.ended_at is not null`,
      [uid, digest],
    );
  }

  /** The body that devices were told last; undefined: none ever. */
  async lastBody(tx: Transaction, uid: string): Promise<Digest | undefined> {
    const [row] = await tx.query<{ digest: Digest }>(
      `select body_digest as digest from deployment_body where deployment_uid = $1
       order by ended_at desc nulls first limit 1`,
      [uid],
    );
    return row?.digest;
  }

  /** Gives a claim back, to be taken again later. */
  async release(database: Queryable, uid: string, seconds: number): Promise<void> {
    await database.query(
      'update deployment set claimed_until = null, due_at = greatest(due_at, now() + make_interval(secs => $2)) where uid = $1',
      [uid, seconds],
    );
  }

  async countBlocked(database: Queryable): Promise<number> {
    const [row] = await database.query<{ count: number }>(
      `select count(*) as count from deployment where state = 'blocked' and deleted_at is null`,
    );
    return row?.count ?? 0;
  }
}
