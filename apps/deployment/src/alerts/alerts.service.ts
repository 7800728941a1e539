import { type AlertSpec, type AlertStatus, MOST_ALERT_COMMENTS } from '@muster/contracts/kinds/alert.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { audit } from '@muster/persistence/audit.js';
import { currentTraceId } from '@muster/platform/trace.js';
import { MusterError } from '@muster/platform/errors.js';
import { sitesWithAlert } from './alerts-below.js';
import type { AlertRecorder } from './alert-recorder.js';
import { type AlertRepository, type AlertRow, lifeOf } from './alert.repository.js';
import type { AlertLife } from './judge-alert.js';

/** What somebody says of an alert. */
export interface Wish {
  readonly actor: string;
  readonly comment?: string | undefined;
}

/** As people say it on the command line. */
const VERBS = { acknowledged: 'acknowledge', postponed: 'postpone', closed: 'close', commented: 'comment' } as const;

/** What people make of alerts: the site raises and resolves them, they say what is done about them. */
export class AlertsService {
  constructor(
    private readonly site: string,
    private readonly database: Database,
    private readonly repository: AlertRepository,
    private readonly recorder: AlertRecorder,
  ) {}

  /** Somebody looks into it. Throws MusterError `resource.not-found`, `alert.of-site-below`, `alert.over`, `alert.too-many-comments`. */
  async acknowledge(name: string, wish: Wish): Promise<Resource<AlertSpec, AlertStatus>> {
    return this.change(name, 'acknowledged', wish, (life) => ({
      ...life,
      state: 'acknowledged',
      postponedUntil: undefined,
    }));
  }

  /** Nobody is told of it before a time. Throws as `acknowledge`, and MusterError `alert.postponed-into-past`. */
  async postpone(name: string, until: Date, wish: Wish): Promise<Resource<AlertSpec, AlertStatus>> {
    if (until <= new Date()) {
      throw new MusterError(
        'invalid',
        'alert.postponed-into-past',
        `Alert "${name}" cannot be postponed until ${until.toISOString()}: that is not in the future`,
      );
    }
    return this.change(name, 'postponed', wish, (life) => ({ ...life, state: 'postponed', postponedUntil: until }));
  }

  /** Nobody needs to look any more. An alert that is over can be closed too. Throws as `acknowledge`. */
  async close(name: string, wish: Wish): Promise<Resource<AlertSpec, AlertStatus>> {
    return this.change(name, 'closed', wish, (life) => ({ ...life, state: 'closed', postponedUntil: undefined }), true);
  }

  /** Adds a comment, whatever the state. Throws as `acknowledge`. */
  async comment(name: string, wish: Wish): Promise<Resource<AlertSpec, AlertStatus>> {
    return this.change(name, 'commented', wish, (life) => life, true);
  }

  private async change(
    name: string,
    action: keyof typeof VERBS,
    { actor, comment }: Wish,
    next: (life: AlertLife) => AlertLife,
    alsoWhenOver = false,
  ): Promise<Resource<AlertSpec, AlertStatus>> {
    return this.database.transaction(async (tx) => {
      const row = await this.repository.findForUpdate(tx, name);
      if (!row) throw notHere(name, VERBS[action], await sitesWithAlert(tx, this.site, name));
      if (!alsoWhenOver && !['active', 'acknowledged', 'postponed'].includes(row.state)) {
        throw new MusterError(
          'conflict',
          'alert.over',
          `Alert "${name}" is ${row.state}: there is nothing to acknowledge or postpone. It comes back when its condition does`,
        );
      }
      if (comment !== undefined) await this.addComment(tx, row, { by: actor, text: comment });
      const before = lifeOf(row);
      const life = next(before);
      if (life !== before) await this.repository.move(tx, row.uid, life, { by: actor });
      await audit(tx, {
        actor,
        action,
        kind: 'Alert',
        name,
        uid: row.uid,
        reason: comment,
        correlationId: currentTraceId(),
      });
      const resource = await this.recorder.tell(tx, row.uid, 'alert.changed', { actor, action });
      if (!resource) throw new Error(`alert ${row.uid} is gone although it is locked`);
      return resource;
    });
  }

  private async addComment(tx: Transaction, row: AlertRow, comment: { by: string; text: string }): Promise<void> {
    if (row.comments.length >= MOST_ALERT_COMMENTS) {
      throw new MusterError(
        'conflict',
        'alert.too-many-comments',
        `Alert "${row.name}" has ${MOST_ALERT_COMMENTS} comments, which is the most`,
      );
    }
    await this.repository.comment(tx, row.uid, [...row.comments, { at: new Date().toISOString(), ...comment }]);
  }
}

/** What is done about an alert is said at the site whose it is: two sites that say it could not agree. */
function notHere(name: string, verb: string, sites: readonly string[]): MusterError {
  const [site] = sites;
  if (site === undefined) return new MusterError('not-found', 'resource.not-found', `There is no Alert "${name}"`);
  const whose = sites.length > 1 ? `sites ${sites.join(', ')}` : `site ${site}`;
  return new MusterError(
    'conflict',
    'alert.of-site-below',
    `Alert "${name}" belongs to ${whose}, and is changed there only: muster --site ${site} alert ${verb} ${name}`,
  );
}
