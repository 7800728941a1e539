import { alert, type AlertSpec, type AlertStatus } from '@muster/contracts/kinds/alert.js';
import { Loop } from '@muster/messaging/loop.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import { ownerOf } from '@muster/service/replication/owned-replicas.js';
import type { Logger } from 'pino';
import { crossingsOf } from './crossings.js';
import type { Notice, NoticeRepository } from './notice.repository.js';

const LOOK_EVERY_MILLISECONDS = 1_000;
const AT_ONCE = 500;

interface HeardAlert {
  readonly key: string;
  readonly raisedAt: Date | null;
  readonly resolvedAt: Date | null;
  /** null: its site does not keep it any more. */
  readonly told: { readonly spec: AlertSpec; readonly status: AlertStatus } | null;
}

/** Notes for subscriptions what became of alerts of the sites below, as those tell it. It costs what changed, not what there is. */
export class AlertsHeard {
  private readonly loop: Loop;

  constructor(
    private readonly site: string,
    private readonly database: Database,
    private readonly notices: NoticeRepository,
    logger: Logger,
  ) {
    this.loop = new Loop(
      async () => {
        if ((await database.transaction((tx) => this.hear(tx, new Date()))) === AT_ONCE) this.loop.nudge();
      },
      LOOK_EVERY_MILLISECONDS,
      (error) => logger.warn({ err: error }, 'cannot look at alerts of sites below right now; trying again'),
    );
  }

  onApplicationBootstrap(): void {
    this.loop.start();
  }

  async onModuleDestroy(): Promise<void> {
    await this.loop.stop();
  }

  private async hear(tx: Transaction, now: Date): Promise<number> {
    // Whoever brings another change of one of them waits for this to commit, and marks it again.
    const changed = await tx.query<HeardAlert>(
      `select heard.key, heard.raised_at as "raisedAt", heard.resolved_at as "resolvedAt", replica.content as told
       from alert_heard as heard left join replica on replica.kind = $1 and replica.key = heard.key
       where heard.changed order by heard.key limit $2 for update of heard skip locked`,
      [alert.kind, AT_ONCE],
    );
    if (changed.length === 0) return 0;
    await this.notices.add(
      tx,
      changed.flatMap((one) => this.noticesOf(one, now)),
    );
    await tx.query('delete from alert_heard where key = any ($1)', [
      changed.filter(({ told }) => told === null).map(({ key }) => key),
    ]);
    const heard = changed.flatMap(({ key, told }) => (told ? [{ key, ...told.status }] : []));
    await tx.query(
      `update alert_heard as heard set changed = false, raised_at = now."raisedAt", resolved_at = coalesce(now."resolvedAt", heard.resolved_at)
       from jsonb_to_recordset($1::jsonb) as now (key text, "raisedAt" timestamptz, "resolvedAt" timestamptz)
       where heard.key = now.key`,
      [JSON.stringify(heard.map(({ key, raisedAt, resolvedAt }) => ({ key, raisedAt, resolvedAt })))],
    );
    return changed.length;
  }

  private noticesOf({ key, raisedAt, resolvedAt, told }: HeardAlert, now: Date): Notice[] {
    const of = ownerOf(key);
    if (!told || !of || of.site === this.site) return [];
    const { rule, subject } = told.spec;
    const { severity, message } = told.status;
    const deployment = subject.kind === 'Deployment' ? subject.name : undefined;
    const known = raisedAt ? { raisedAt, resolvedAt: resolvedAt ?? undefined } : undefined;
    return crossingsOf(known, told.status, now).map(({ crossing, at }) => ({
      site: of.site,
      alert: of.name,
      rule,
      severity,
      deployment,
      crossing,
      message,
      happenedAt: at,
    }));
  }
}
