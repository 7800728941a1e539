import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { alert, type AlertSpec, type AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { EventData, EventType } from '@muster/contracts/kinds/event.js';
import type { Resource } from '@muster/contracts/resource.js';
import type { Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { EventLog } from '../events/event-log.js';
import type { Notice, NoticeRepository } from '../subscriptions/notice.repository.js';

const { saved } = resourceEvents(alert);

/** Tells what became of an alert, in the transaction that made it so. */
export class AlertRecorder {
  constructor(
    private readonly site: string,
    private readonly alerts: ResourceStore<AlertSpec, AlertStatus>,
    private readonly outbox: Outbox,
    private readonly events: EventLog,
    private readonly notices: NoticeRepository,
  ) {}

  /**
   * @param type the event that people are told; undefined when only the record changed
   * @param by who did what; undefined: the site itself
   */
  async tell(
    tx: Transaction,
    uid: string,
    type: EventType | undefined,
    by?: { actor: string; action: string },
  ): Promise<Resource<AlertSpec, AlertStatus> | undefined> {
    const resource = await this.alerts.rows.findByUid(tx, uid);
    if (!resource) return undefined;
    await this.outbox.add(tx, saved, { resource, actor: by?.actor ?? 'system' });
    if (!type) return resource;
    const { metadata, spec, status } = resource;
    await this.events.add(tx, type, `alerts/${metadata.name}`, {
      message: sentence(type, resource, by),
      alert: metadata.name,
      state: status.state,
      ...(by ? { actor: by.actor } : {}),
      ...aboutWhat(spec.subject),
    });
    await this.notices.add(tx, this.noticesOf(type, resource));
    return resource;
  }

  private noticesOf(type: EventType, { metadata, spec, status }: Resource<AlertSpec, AlertStatus>): Notice[] {
    const crossing = type === 'alert.raised' ? 'raised' : type === 'alert.resolved' ? 'resolved' : undefined;
    if (!crossing) return [];
    return [
      {
        site: this.site,
        alert: metadata.name,
        rule: spec.rule,
        severity: status.severity,
        deployment: spec.subject.kind === 'Deployment' ? spec.subject.name : undefined,
        crossing,
        message: status.message,
        happenedAt: (crossing === 'resolved' ? status.resolvedAt : undefined) ?? status.raisedAt,
      },
    ];
  }
}

function aboutWhat({ kind, name }: AlertSpec['subject']): Pick<EventData, 'deployment' | 'collection' | 'webhook'> {
  if (kind === 'Deployment') return { deployment: name };
  return kind === 'Collection' ? { collection: name } : { webhook: name };
}

function sentence(
  type: EventType,
  { metadata, status }: Resource<AlertSpec, AlertStatus>,
  by: { actor: string; action: string } | undefined,
): string {
  if (type === 'alert.raised') return status.message;
  if (type === 'alert.resolved') return `no longer: ${status.message}`;
  const until = by?.action === 'postponed' && status.postponedUntil ? ` until ${status.postponedUntil}` : '';
  return `alert ${metadata.name} was ${by?.action ?? 'changed'}${until} by ${by?.actor ?? 'the site'}`;
}
