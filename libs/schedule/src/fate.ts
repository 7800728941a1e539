import type { PeoplesDecision } from './decide-for-people.js';

/** What a device makes of a deployment to it: does it take part at all? */
export const ACCEPTANCES = ['accepted', 'rejected', 'expired'] as const;
/** And how far it is with it, while no run tells more. */
export const DELIVERIES = ['waiting', 'downloading', 'offered', 'not-rerun'] as const;

/** What a device waits for. */
export const WAITING_FOR = [
  'availability',
  'connection',
  'content',
  'disabled',
  'held',
  'network',
  'no-window',
  'other-run',
  'people',
  'permit',
  'policy',
  'secrets',
  'snoozed',
  'trigger',
  'window',
  'write-filter',
] as const;

export type Acceptance = (typeof ACCEPTANCES)[number];
export type Delivery = (typeof DELIVERIES)[number];
export type WaitingFor = (typeof WAITING_FOR)[number];

/** What becomes of a deployment at a device while no run of it goes on. */
export interface Fate {
  readonly state: Exclude<Acceptance, 'accepted'> | Delivery;
  readonly reason?: WaitingFor;
  /** When that may change by itself, in milliseconds since 1970. */
  readonly until?: number | undefined;
}

/** The fate that a decision means; undefined: its run begins now. The agent tells it to the site, and explain says it. */
export function fateOfStart(decision: PeoplesDecision, now: number): Fate | undefined {
  switch (decision.state) {
    case 'start':
      if (decision.snoozed === true) return { state: 'waiting', reason: 'snoozed', until: decision.begins };
      return decision.begins > now ? { state: 'waiting', reason: 'people', until: decision.begins } : undefined;
    case 'waiting':
      return {
        state: 'waiting',
        reason: decision.neverFits === true ? 'no-window' : decision.for,
        until: decision.lookAgain,
      };
    case 'held':
      return { state: 'waiting', reason: 'held', until: decision.lookAgain };
    case 'offered':
      return { state: 'offered', until: decision.lookAgain };
    case 'not-rerun':
      return { state: 'not-rerun', until: decision.lookAgain };
    case 'expired':
      return { state: 'expired' };
  }
}
