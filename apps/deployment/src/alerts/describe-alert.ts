import type { AlertRule, AlertStatus } from '@muster/contracts/kinds/alert.js';

/** What was measured for a rule. */
export interface Measured {
  readonly rule: AlertRule;
  readonly subject: string;
  /** Of so many devices … */
  readonly devices: number;
  /** … so many failed, or succeeded. */
  readonly counted: number;
  /** The threshold. */
  readonly percent: number;
  /** When it counts from, of rules that have a time. */
  readonly by?: Date | undefined;
  /** What went wrong last, of rules about that. */
  readonly error?: string | undefined;
}

export const SEVERITIES: Readonly<Record<AlertRule, AlertStatus['severity']>> = {
  'deployment-failed': 'error',
  'deployment-succeeded': 'warning',
  'deployment-content': 'warning',
  'deployment-silent': 'warning',
  'deployment-window': 'warning',
  'webhook-disabled': 'error',
  'collection-inactive': 'warning',
};

/** An alert in one sentence. Pure. */
export function describeAlert({ rule, subject, devices, counted, percent, by, error }: Measured): string {
  const share = `${counted} of ${devices} devices (${percentOf(counted, devices)} %)`;
  switch (rule) {
    case 'deployment-failed':
      return `deployment "${subject}" failed on ${share}: more than ${percent} %`;
    case 'deployment-content':
      return `deployment "${subject}" waits for content on ${share}: more than ${percent} %`;
    case 'deployment-silent':
      return `nothing is heard any more of runs of deployment "${subject}" on ${share}: more than ${percent} %`;
    case 'deployment-window':
      return `no maintenance window is long enough for deployment "${subject}" on ${share}: more than ${percent} %`;
    case 'collection-inactive':
      return `nothing comes any more from ${share} of collection "${subject}": more than ${percent} % are inactive`;
    case 'webhook-disabled':
      return `webhook "${subject}" was disabled: nothing was delivered since ${by?.toISOString() ?? 'it was made'} (${error ?? 'gone'})`;
    case 'deployment-succeeded':
      return `deployment "${subject}" succeeded on ${share}: ${percent} % were to succeed by ${by?.toISOString() ?? 'now'}`;
  }
}

/** One decimal, rounded down: 99.96 % are never shown as all. */
function percentOf(count: number, all: number): number {
  return all === 0 ? 0 : Math.floor((count / all) * 1000) / 10;
}
