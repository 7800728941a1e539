import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { alert, type AlertSpec, type AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { EventType } from '@muster/contracts/kinds/event.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { EventLog } from '../events/event-log.js';

const { saved } = resourceEvents(alert);

/** Tells what became of an alert, in the transaction that made it so. */
export class AlertRecorder {
  constructor(
    private readonly alerts: ResourceStore<AlertSpec, AlertStatus>,
    private readonly outbox: Outbox,
    private readonly events: EventLog,
  ) {}

  /**
   * @param type the event that people are told; undefined when only the record changed
   * @param actor who did it; undefined: the site itself
   */
  async tell(
    tx: Transaction,
    uid: string,
    type: EventType | undefined,
    actor?: string,
  ): Promise<Resource<AlertSpec, AlertStatus> | undefined> {
    const resource = await this.alerts.rows.findByUid(tx, uid);
    if (!resource) return undefined;
    await this.outbox.add(tx, saved, { resource, actor: actor ?? 'system' });
    if (!type) return resource;
    const { metadata, spec, status } = resource;
    await this.events.add(tx, type, `alerts/${metadata.name}`, {
      message: sentence(type, resource, actor),
      alert: metadata.name,
      state: status.state,
      ...(actor === undefined ? {} : { actor }),
      ...(spec.subject.kind === 'Deployment' ? { deployment: spec.subject.name } : {}),
    });
    return resource;
  }
}

function sentence(
  type: EventType,
  { metadata, status }: Resource<AlertSpec, AlertStatus>,
  actor: string | undefined,
): string {
  if (type === 'alert.raised') return status.message;
  if (type === 'alert.resolved') return `no longer: ${status.message}`;
  const until = status.state === 'postponed' && status.postponedUntil ? ` until ${status.postponedUntil}` : '';
  return `alert ${metadata.name} is ${status.state}${until}, says ${actor ?? 'the site'}`;
}
