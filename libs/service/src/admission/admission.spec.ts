import { Admission, MOST_SECONDS } from './admission.js';

/** A service that answers `perSecond` of what was let in, first come first served, in steps of 10 ms. */
class Simulation {
  readonly admission = new Admission();
  private inside: number[] = [];
  readonly servedAt: number[] = [];
  attempts = 0;
  now = 0;

  constructor(private readonly perSecond: number) {}

  /** Agents that come at these milliseconds, and come again when they are told to, give or take a second. */
  run(arrivals: readonly number[], until: number): void {
    const due = new Map<number, number>();
    const at = (milliseconds: number): number => Math.ceil(milliseconds / 10) * 10;
    for (const arrival of arrivals) due.set(at(arrival), (due.get(at(arrival)) ?? 0) + 1);
    let credit = 0;
    for (; this.now < until; this.now += 10) {
      for (let count = due.get(this.now) ?? 0; count > 0; count -= 1) {
        this.attempts += 1;
        const seconds = this.admission.enter(this.now, 0.5);
        if (seconds === undefined) this.inside.push(this.now);
        else {
          const again = at(this.now + seconds * 1000 + ((this.attempts * 7919) % 1000));
          due.set(again, (due.get(again) ?? 0) + 1);
        }
      }
      credit = this.inside.length === 0 ? 0 : credit + this.perSecond / 100;
      for (; credit >= 1 && this.inside.length > 0; credit -= 1) {
        this.inside.shift();
        this.servedAt.push(this.now);
        this.admission.leave(this.now);
      }
    }
  }
}

const atOnce = (count: number): number[] => Array.from({ length: count }, (_, index) => (index / count) * 1000);

describe('admission', () => {
  it('lets in everybody as long as there is room', () => {
    const site = new Simulation(1000);
    site.run(
      Array.from({ length: 5000 }, (_, index) => index * 2),
      20_000,
    );
    expect([site.attempts, site.servedAt.length]).toEqual([5000, 5000]);
  });

  it.each([500, 1000, 2000])('brings a fleet back at the pace of a service that does %d a second', (perSecond) => {
    const site = new Simulation(perSecond);
    const count = 30_000;
    site.run(atOnce(count), 200_000);
    expect(site.servedAt).toHaveLength(count);
    // Hardly any time is lost, and hardly anybody is sent away often.
    const last = site.servedAt.at(-1) ?? 0;
    expect(last).toBeLessThan(
      1.5 * Math.max(count, (count * 1000) / Math.max(perSecond, 1000)) * Math.max(1, 1000 / perSecond),
    );
    expect(site.attempts).toBeLessThan(4 * count);
  });

  it('learns what the service can do', () => {
    const site = new Simulation(300);
    site.run(atOnce(20_000), 60_000);
    expect(site.admission.perSecond).toBeGreaterThan(200);
    expect(site.admission.perSecond).toBeLessThan(450);
  });

  it('gives everybody who is sent away a later time than the one before, up to what agents heed', () => {
    const admission = new Admission();
    const told = Array.from({ length: 400_000 }, () => admission.enter(0, 0)).filter((one) => one !== undefined);
    expect(told.slice(0, 100_000)).toEqual(told.slice(0, 100_000).toSorted((one, other) => one - other));
    expect(Math.min(...told.slice(0, 1000))).toBe(1);
    expect(told.reduce((most, one) => Math.max(most, one))).toBeLessThanOrEqual(MOST_SECONDS);
  });
});
