import { Inject, Injectable } from '@nestjs/common';
import type { EditLock, EditLockRequest } from '@muster/contracts/kinds/edit-lock.js';
import type { TaskSequenceStatus } from '@muster/contracts/kinds/task-sequence.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import { TASK_SEQUENCES } from '../task-sequences/task-sequences.token.js';
import { type HeldLock, lockAgainst, lockedError, stillHeld, takeLock } from './edit-lock.js';
import { auditLock } from './audit-lock.js';
import { EditLockRepository } from './edit-lock.repository.js';

/** Who edits which sequence. The locks are advice: a write can say that it ignores them. */
@Injectable()
export class EditLocksService {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(EditLockRepository) private readonly locks: EditLockRepository,
    @Inject(TASK_SEQUENCES) private readonly store: ResourceStore<SequenceSpec, TaskSequenceStatus>,
  ) {}

  /** Throws MusterError `resource.not-found`, `sequence.not-locked`. */
  async get(name: string, now: Date): Promise<EditLock> {
    const { uid } = (await this.store.get(name)).metadata;
    const held = stillHeld((await this.locks.findMany(this.database, [uid])).get(uid), now);
    if (!held) throw notLocked(name);
    return shown(name, held);
  }

  /** Takes, renews or takes over. Throws MusterError `resource.not-found`, `sequence.locked`. */
  async take(name: string, wish: EditLockRequest, actor: string, now: Date): Promise<EditLock> {
    return this.withLock(name, async (tx, uid, current) => {
      const { machine, takeOver = false } = wish;
      const result = takeLock(current, { holder: actor, machine, takeOver }, now);
      if ('inTheWay' in result) throw lockedError(name, result.inTheWay, actor);
      const stolen = stillHeld(current, now);
      if (stolen && stolen.machine !== machine)
        await auditLock(tx, 'lock-taken-over', { actor, name, uid, from: stolen });
      await this.locks.set(tx, uid, result.taken);
      return shown(name, result.taken);
    });
  }

  /**
   * Ends a lock; that of somebody else only when the lock is to be ignored.
   *
   * @returns what it was
   * @throws MusterError `resource.not-found`, `sequence.not-locked`, `sequence.locked`
   */
  async release(name: string, actor: string, ignoreLock: boolean, now: Date): Promise<EditLock> {
    return this.withLock(name, async (tx, uid, current) => {
      const held = stillHeld(current, now);
      if (!held) throw notLocked(name);
      const others = lockAgainst(held, actor, now);
      if (others && !ignoreLock) throw lockedError(name, others, actor);
      if (others) await auditLock(tx, 'lock-broken', { actor, name, uid, from: others });
      await this.locks.remove(tx, uid);
      return shown(name, held);
    });
  }

  /** The row of the sequence is held meanwhile: no write of it comes between the look and the deed. */
  private async withLock<Result>(
    name: string,
    work: (tx: Transaction, uid: string, current: HeldLock | undefined) => Promise<Result>,
  ): Promise<Result> {
    return this.database.transaction(async (tx) => {
      const sequence = await this.store.rows.findForUpdate(tx, name);
      if (!sequence) throw new MusterError('not-found', 'resource.not-found', `There is no TaskSequence "${name}"`);
      const { uid } = sequence.metadata;
      return work(tx, uid, (await this.locks.findMany(tx, [uid])).get(uid));
    });
  }
}

function shown(sequence: string, { holder, machine, takenAt, expiresAt }: HeldLock): EditLock {
  return { sequence, holder, machine, takenAt: takenAt.toISOString(), expiresAt: expiresAt.toISOString() };
}

function notLocked(name: string): MusterError {
  return new MusterError('not-found', 'sequence.not-locked', `Nobody holds an edit lock of TaskSequence "${name}"`);
}
