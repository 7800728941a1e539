import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { alert as alertKind, type AlertSpec, type AlertStatus } from '@muster/contracts/kinds/alert.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Logger } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import type { AlertRecorder } from './alert-recorder.js';
import { type AlertRepository, type Difference, lifeOf } from './alert.repository.js';
import type { CollectionActivityRepository } from './collection-activity.repository.js';
import { describeAlert, SEVERITIES } from './describe-alert.js';
import { judgeAlert } from './judge-alert.js';

/** What happened is looked at so much later at most. */
const LOOK_EVERY_MILLISECONDS = 1_000;
const PRUNE_EVERY_MILLISECONDS = 10 * 60_000;

const { deleted } = resourceEvents(alertKind);

/** Looks at the conditions of all alerts, raises and resolves them. Replicas take turns. */
export class AlertWatch {
  private readonly looking: Loop;
  private readonly pruning: Loop;

  constructor(
    private readonly database: Database,
    private readonly repository: AlertRepository,
    private readonly activity: CollectionActivityRepository,
    private readonly recorder: AlertRecorder,
    private readonly alerts: ResourceStore<AlertSpec, AlertStatus>,
    private readonly outbox: Outbox,
    keepDays: number,
    logger: Logger,
  ) {
    this.looking = new Loop(
      () => database.transaction((tx) => this.look(tx)),
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot look at the conditions of alerts right now; trying again'),
    );
    this.pruning = new Loop(
      () => this.prune(keepDays),
      PRUNE_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot forget old alerts right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.looking.start();
    this.pruning.start();
  }

  async onModuleDestroy(): Promise<void> {
    await Promise.all([this.looking.stop(), this.pruning.stop()]);
  }

  private async look(tx: Transaction): Promise<void> {
    if (!(await this.repository.takeTurn(tx))) return;
    await this.activity.count(tx);
    const now = new Date();
    for (const difference of await this.repository.differences(tx)) await this.judge(tx, difference, now);
  }

  private async judge(tx: Transaction, { holds, measured, alert }: Difference, now: Date): Promise<void> {
    const judgement = judgeAlert(alert ? lifeOf(alert) : undefined, holds, now);
    if (!judgement) return;
    const { life, tells } = judgement;
    const message =
      measured && holds
        ? describeAlert({ ...measured, by: measured.by ?? undefined, error: measured.error ?? undefined })
        : undefined;
    if (alert) {
      await this.repository.move(tx, alert.uid, life, { message });
      await this.recorder.tell(tx, alert.uid, tells);
    } else if (measured && message) {
      await this.recorder.tell(tx, await this.begin(tx, measured, { life, message }), tells);
    }
  }

  private async begin(
    tx: Transaction,
    { rule, subject, subject_kind, subject_uid }: NonNullable<Difference['measured']>,
    raised: Pick<Parameters<AlertRepository['insert']>[1], 'life' | 'message'>,
  ): Promise<string> {
    const uid = uuidv7();
    const aspect = rule.slice(rule.indexOf('-') + 1);
    await this.repository.insert(
      tx,
      {
        uid,
        names: { short: `${subject}-${aspect}`, long: `alert-${uid.replaceAll('-', '')}` },
        severity: SEVERITIES[rule],
        ...raised,
      },
      { rule, kind: subject_kind, name: subject, uid: subject_uid },
    );
    return uid;
  }

  private async prune(keepDays: number): Promise<void> {
    const outdated = await this.repository.outdated(this.database, keepDays);
    for (const uid of outdated) {
      await this.database.transaction(async (tx) => {
        const resource = await this.alerts.rows.findByUid(tx, uid);
        if (!resource) return;
        await this.repository.remove(tx, uid);
        await this.outbox.add(tx, deleted, { resource, actor: 'system' });
      });
    }
    if (outdated.length > 0) this.pruning.nudge();
  }
}
