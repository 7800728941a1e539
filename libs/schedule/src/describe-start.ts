import type { PeoplesDecision } from './decide-for-people.js';
import type { StartDecision } from './decide-start.js';

/** What becomes of a deployment on a device, as a sentence for people. Instants are said in UTC. */
export function describeStart(decision: PeoplesDecision, now: number): string {
  switch (decision.state) {
    case 'start':
      return starting(decision, now);
    case 'offered':
      return 'starts when somebody asks for it: muster-agent start';
    case 'waiting':
      return waiting(decision);
    case 'not-rerun':
      return `a trigger came, but it has run here and is not rerun (rerun ${decision.rerun})${next(decision.lookAgain, '; next trigger ')}`;
    case 'held':
      return 'held by the site: nobody starts it';
    case 'expired':
      return `expired at ${isoOf(decision.at)}`;
  }
}

function starting({ because, begins, snoozed }: Extract<PeoplesDecision, { state: 'start' }>, now: number): string {
  if (snoozed === true) return `put off by people here until ${isoOf(begins)}`;
  if (because === 'asked') return 'starts next: somebody asked for it';
  return begins > now ? `starts at ${isoOf(begins)}, people here are warned` : 'starts next';
}

function waiting({ for: what, lookAgain, neverFits }: Extract<StartDecision, { state: 'waiting' }>): string {
  switch (what) {
    case 'availability':
      return `not available${next(lookAgain, ' before ')}`;
    case 'network':
      return 'waits: this computer is on the Internet, and the deployment is not for the Internet (onInternet)';
    case 'write-filter':
      return 'waits: a write filter would drop what it changes with the next restart (onWriteFilter)';
    case 'trigger':
      return lookAgain === undefined ? 'nothing makes it run again' : `next at ${isoOf(lookAgain)}`;
    case 'connection':
      return 'waits for a connection that is not metered';
    case 'window':
      return neverFits === true
        ? `no maintenance window is long enough for it${next(lookAgain, ' before ')}`
        : `waits for a maintenance window${next(lookAgain, ', ')}`;
  }
}

function next(instant: number | undefined, lead: string): string {
  return instant === undefined ? '' : `${lead}${isoOf(instant)}`;
}

function isoOf(instant: number): string {
  return new Date(instant).toISOString();
}
