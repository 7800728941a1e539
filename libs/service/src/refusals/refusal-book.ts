/** A request that was refused because of who asked. */
export interface Refusal {
  /** Name of the token, `device:UID`, or `address:IP` of somebody who proved nothing. */
  readonly caller: string;
  /** Method and pattern of a route, or path of a gRPC method: one of few, whatever was asked. */
  readonly route: string;
  readonly code: string;
  /** From where. */
  readonly address: string;
  /** What is special about the secret that was shown: it was good once. */
  readonly secret?: 'revoked' | 'expired' | undefined;
}

/** The same refusal, so many times. */
export interface CountedRefusal extends Omit<Refusal, 'code'> {
  readonly codes: readonly string[];
  readonly count: number;
}

/** Callers and routes that are told apart between two rounds. Who makes up more, by many addresses, is counted without them. */
export const MOST_TOLD_APART = 50;
/** Of the refusals that are only counted. */
export const SEVERAL = '(several)';

/** Requests that were refused since they were last taken: one entry for a caller and a route, however often it asks. */
export class RefusalBook {
  private entries = new Map<string, { refusal: Refusal; codes: Set<string>; count: number }>();
  private beyond = 0;

  note(refusal: Refusal): void {
    const key = JSON.stringify([refusal.caller, refusal.route]);
    const known = this.entries.get(key);
    if (known) {
      known.count += 1;
      known.codes.add(refusal.code);
      known.refusal = { ...refusal, secret: refusal.secret ?? known.refusal.secret };
    } else if (this.entries.size < MOST_TOLD_APART) {
      this.entries.set(key, { refusal, codes: new Set([refusal.code]), count: 1 });
    } else this.beyond += 1;
  }

  take(): CountedRefusal[] {
    const taken = [...this.entries.values()].map(({ refusal: { code: _, ...refusal }, codes, count }) => ({
      ...refusal,
      codes: [...codes].toSorted(),
      count,
    }));
    const { beyond } = this;
    this.entries = new Map();
    this.beyond = 0;
    if (beyond === 0) return taken;
    return [...taken, { caller: SEVERAL, route: SEVERAL, codes: [], address: SEVERAL, count: beyond }];
  }
}
