import type { AlertState } from '@muster/contracts/kinds/alert.js';

/** Where an alert stands in its life. */
export interface AlertLife {
  readonly state: AlertState;
  /** Was its condition true when it was last looked at? */
  readonly holds: boolean;
  /** How often it was raised, and when the last time. */
  readonly raised: number;
  readonly raisedAt: Date;
  readonly resolvedAt?: Date | undefined;
  readonly postponedUntil?: Date | undefined;
}

/** What a look at the condition makes of an alert, and what is told of it: nothing, when only the look is noted. */
export interface Judgement {
  readonly life: AlertLife;
  readonly tells?: 'alert.raised' | 'alert.resolved';
}

/**
 * Decides what becomes of an alert, so that each crossing is told once. An alert that somebody closed comes back only after its
 * condition was gone in between; a postponed one comes back at its time, if the condition still holds then. Pure.
 *
 * @param life undefined: it was never raised
 * @returns undefined when nothing changes
 */
export function judgeAlert(life: AlertLife | undefined, holds: boolean, now: Date): Judgement | undefined {
  if (!life) return holds ? raise({ raised: 0 }, now) : undefined;
  if (holds) {
    const due = life.state === 'postponed' && life.postponedUntil !== undefined && life.postponedUntil <= now;
    return !life.holds || due ? raise(life, now) : undefined;
  }
  if (!life.holds) return undefined;
  if (life.state === 'closed') return { life: { ...life, holds } };
  return {
    life: { ...life, state: 'resolved', holds, resolvedAt: now, postponedUntil: undefined },
    tells: 'alert.resolved',
  };
}

function raise({ raised }: Pick<AlertLife, 'raised'>, now: Date): Judgement {
  return { life: { state: 'active', holds: true, raised: raised + 1, raisedAt: now }, tells: 'alert.raised' };
}
