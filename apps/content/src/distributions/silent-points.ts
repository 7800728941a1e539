import type { PointAdmission } from './distribution-job.repository.js';

const LONGEST_SILENCE_SECONDS = 60;

interface Silence {
  /** How often it was asked in vain, without an answer in between. */
  readonly times: number;
  readonly until: number;
}

/**
 * Points that do not answer. Each is left alone for 1, 2, 4 … 60 seconds and then tried with one transfer: what waits for it
 * takes no hands from the others, however much and however important that is.
 */
export class SilentPoints {
  private readonly silences = new Map<string, Silence>();

  /** @param now milliseconds */
  constructor(private readonly now: () => number = Date.now) {}

  /** A transfer to a point has ended. Returns for how many seconds the point is left alone now; undefined: not at all. */
  note(pointUid: string, isSilent: boolean): number | undefined {
    if (!isSilent) {
      this.silences.delete(pointUid);
      return undefined;
    }
    const times = (this.silences.get(pointUid)?.times ?? 0) + 1;
    const seconds = Math.min(LONGEST_SILENCE_SECONDS, 2 ** (times - 1));
    this.silences.set(pointUid, { times, until: this.now() + seconds * 1000 });
    return seconds;
  }

  /** What may be asked of points that say what they take. */
  admit(admissions: readonly PointAdmission[]): PointAdmission[] {
    return admissions.flatMap((admission) => {
      const silence = this.silences.get(admission.pointUid);
      if (!silence) return [admission];
      return silence.until > this.now() ? [] : [{ ...admission, concurrency: 1 }];
    });
  }
}
