import { MusterError } from '@muster/platform/errors.js';

/** So long nobody else should save what somebody edits, from the last sign of the editor (hierarchy.md LOCK-04). */
export const LOCK_MINUTES = 30;

/** Who edits a sequence, and where. */
export interface HeldLock {
  readonly holder: string;
  readonly machine: string;
  readonly takenAt: Date;
  readonly expiresAt: Date;
}

/** Who wants to edit it. */
export interface LockWish {
  readonly holder: string;
  readonly machine: string;
  /** Also when the same holder has it on another machine. */
  readonly takeOver: boolean;
}

/** A lock that is over is none. */
export function stillHeld(lock: HeldLock | undefined, now: Date): HeldLock | undefined {
  return lock && lock.expiresAt > now ? lock : undefined;
}

/** When a lock ends that its holder used just now. */
export function expiryFrom(now: Date): Date {
  return new Date(now.getTime() + LOCK_MINUTES * 60_000);
}

/**
 * Takes, renews or takes over a lock. The same holder on the same machine reclaims it whatever became of the editor.
 *
 * @returns the new lock, or the one that is in the way
 */
export function takeLock(
  current: HeldLock | undefined,
  { holder, machine, takeOver }: LockWish,
  now: Date,
): { readonly taken: HeldLock } | { readonly inTheWay: HeldLock } {
  const held = stillHeld(current, now);
  const mine = held?.holder === holder;
  if (held && !(mine && (held.machine === machine || takeOver))) return { inTheWay: held };
  const takenAt = held && held.machine === machine ? held.takenAt : now;
  return { taken: { holder, machine, takenAt, expiresAt: expiryFrom(now) } };
}

/** Whose save must wait: everybody's but the holder's. */
export function lockAgainst(lock: HeldLock | undefined, actor: string, now: Date): HeldLock | undefined {
  const held = stillHeld(lock, now);
  return held && held.holder !== actor ? held : undefined;
}

/** The refusal of a write or of a lock. `actor` tells a lock of one's own on another machine from that of somebody else. */
export function lockedError(
  sequence: string,
  { holder, machine, takenAt, expiresAt }: HeldLock,
  actor: string,
): MusterError {
  const until = expiresAt.toISOString();
  const message =
    holder === actor
      ? `You hold the edit lock of TaskSequence "${sequence}" on the machine "${machine}" until ${until}. Release it there, or take it over (takeOver: true, muster lock --take-over)`
      : `TaskSequence "${sequence}" is being edited: "${holder}" holds its edit lock on the machine "${machine}" until ${until}. Wait, ask "${holder}", or go on all the same with the header Muster-Ignore-Lock: true (muster --ignore-lock)`;
  const current = { sequence, holder, machine, takenAt: takenAt.toISOString(), expiresAt: until };
  return new MusterError('conflict', 'sequence.locked', message, { current });
}
