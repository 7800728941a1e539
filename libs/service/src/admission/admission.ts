/** So much work is let in as is done in this time; whoever comes then is told when to come again. */
const QUEUE_SECONDS = 1;
/** Never fewer at once than this: a service that was idle has not shown yet what it can do. */
const LEAST_AT_ONCE = 50;
/** What a process is taken to do until it has shown more or less, in requests per second. */
const FIRST_GUESS = 1000;
const SLOWEST = 20;
/** Nobody is sent away for longer: agents heed no more than this. */
export const MOST_SECONDS = 300;
/** Over so long it is counted how much is done. */
const WINDOW_MILLISECONDS = 1000;

/**
 * Decides who is let in to expensive work, and when everybody else shall come again. Pure: the clock and the dice are arguments.
 *
 * Whoever is sent away gets a place in an appointment book that is filled at the rate at which work is done: a fleet that comes back at
 * once comes again one after the other, not at once. What the rate is, is seen while there is always work waiting. It keeps no promise: who comes
 * for the appointment is let in if there is room, as everybody.
 */
export class Admission {
  private inside = 0;
  /** Milliseconds until which places are given away. */
  private bookedUntil = 0;
  private window = { began: 0, done: 0, sentAway: 0, lowest: 0 };

  /** @param rate requests per second that are taken to be possible until more or fewer are seen */
  constructor(private rate = FIRST_GUESS) {}

  /** Requests per second that are taken to be possible. */
  get perSecond(): number {
    return this.rate;
  }

  /**
   * Somebody comes. Undefined: let in, and `leave` must be called once; else the whole seconds after which to come again.
   *
   * @param now milliseconds of a clock that never goes back
   * @param random from 0 to 1, to spread those of one second
   */
  enter(now: number, random: number): number | undefined {
    this.turnWindow(now);
    if (this.inside < Math.max(LEAST_AT_ONCE, this.rate * QUEUE_SECONDS)) {
      this.inside += 1;
      return undefined;
    }
    this.window.sentAway += 1;
    // What is inside is done first.
    const first = now + (this.inside / this.rate) * 1000;
    this.bookedUntil = Math.max(this.bookedUntil, first) + 1000 / this.rate;
    const seconds = (this.bookedUntil - now) / 1000;
    // Behind the horizon everybody is spread over the second half of it.
    if (seconds > MOST_SECONDS) return Math.ceil((MOST_SECONDS / 2) * (1 + random));
    return Math.max(1, Math.floor(seconds + random));
  }

  /** Somebody who was let in is answered. */
  leave(now: number): void {
    this.turnWindow(now);
    this.inside -= 1;
    this.window.done += 1;
    this.window.lowest = Math.min(this.window.lowest, this.inside);
  }

  private turnWindow(now: number): void {
    const { began, done, sentAway, lowest } = this.window;
    const took = now - began;
    if (took < WINDOW_MILLISECONDS) return;
    // Where nothing waited, what was done says how much came, not how much can be done; where more were sent away than let in, sending
    // them away was the work.
    const wasBusy = lowest > 0 && took < 2 * WINDOW_MILLISECONDS;
    if (wasBusy && sentAway <= done) this.rate = Math.max(SLOWEST, (this.rate + (done * 1000) / took) / 2);
    this.window = { began: now, done: 0, sentAway: 0, lowest: this.inside };
  }
}
