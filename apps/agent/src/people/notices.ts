import type { Assignment } from '@muster/contracts/agent/policy.js';
import type { Logger } from 'pino';
import type { BodyFacts } from '../policy/decide.js';

export interface NoticesOptions {
  /** What the sequence of a deployment says of it; undefined: it is not here. */
  properties(assignment: Assignment): Pick<BodyFacts, 'properties' | 'highImpact'> | undefined;
  /** Tells people who are logged in; resolves to what went wrong. */
  tell(text: string): Promise<string | undefined>;
  readonly logger: Logger;
}

/** What people at this computer are told of deployments, but of those of which they are to be told nothing. */
export class Notices {
  constructor(private readonly options: NoticesOptions) {}

  /** Are people told of it at all? */
  areFor(assignment: Assignment): boolean {
    const sequence = this.options.properties(assignment)?.properties;
    return assignment.suppressNotifications !== true && sequence?.suppressNotifications !== true;
  }

  /** What people should know before a run of it, besides. */
  highImpactLines(assignment: Assignment): readonly string[] {
    return highImpactLines(this.options.properties(assignment));
  }

  async tell(assignment: Assignment, text: string): Promise<void> {
    const { tell, logger } = this.options;
    if (!this.areFor(assignment)) return;
    const problem = await tell(text);
    const deployment = assignment.deployment.name;
    if (problem === undefined) logger.info({ deployment, text }, 'people are told');
    else logger.warn({ deployment, reason: problem }, 'people could not be told');
  }
}

/** What people are told besides of a run that may take away what they work with: the words of the sequence, or the usual ones. */
export function highImpactLines(sequence: Pick<BodyFacts, 'properties' | 'highImpact'> | undefined): readonly string[] {
  if (!sequence?.highImpact) return [];
  const { highImpactText: own } = sequence.properties;
  return own
    ? [own.headline, ...own.paragraphs]
    : ['It may replace the system or the data of this computer. Save your work.'];
}
