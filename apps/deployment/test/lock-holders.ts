import { runReported } from '@muster/contracts/events/run-reported.js';
import type { TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { Client } from 'pg';
import { v7 as uuidv7 } from 'uuid';
import type { World } from './world.js';

/** Somebody who has a lock, and somebody who has what keeps facts from being applied: to see what the service holds while it waits. */
export class LockHolders {
  private constructor(
    private readonly world: World,
    readonly holder: Client,
    readonly other: Client,
  ) {}

  static async connect(world: World, servers: TestServers): Promise<LockHolders> {
    const connectionString = servers.environment('deployment')['MUSTER_DATABASE_URL'] ?? '';
    const [holder, other] = [new Client({ connectionString }), new Client({ connectionString })];
    await Promise.all([holder.connect(), other.connect()]);
    return new LockHolders(world, holder, other);
  }

  /** Nobody holds anything any more, and the service has caught up. */
  async release(): Promise<void> {
    await this.holder.query('rollback');
    await this.other.query('rollback');
    await until(() => this.world.applied());
  }

  async end(): Promise<void> {
    await Promise.all([this.holder.end(), this.other.end()]);
  }

  /** The service waits in a statement that looks like this. */
  async waitsIn(statement: string): Promise<boolean> {
    const { rows } = await this.world.sql.query(
      `select 1 from pg_stat_activity where application_name = 'deployment' and wait_event_type = 'Lock' and query like $1`,
      [`%${statement}%`],
    );
    return rows.length > 0;
  }

  /** Fails when anybody has the row. */
  async takeRow(table: string, where: string, value: string): Promise<void> {
    await this.holder.query(`select 1 from ${table} where ${where} = $1 for update nowait`, [value]);
  }

  tellRun(run: { runId?: string; deviceUid: string; deploymentUid: string }, ends: boolean): Promise<void> {
    const { runId = uuidv7(), deviceUid, deploymentUid } = run;
    const at = new Date().toISOString();
    return this.world.policy.publish(runReported, {
      runId,
      deviceUid,
      deploymentUid,
      reports: [
        { runId, number: 1, at, event: 'run-started', total: 1 },
        ...(ends ? [{ runId, number: 2, at, event: 'run-finished', result: 'succeeded', exitCode: 0 } as const] : []),
      ],
    });
  }

  /** Facts that are applied in one transaction; it begins when `other` commits. */
  async publishTogether(...publish: (() => Promise<void>)[]): Promise<void> {
    await this.other.query('begin');
    await this.other.query(`select 1 from inbox where producer = 'policy' for update`);
    // One that waits, so that the others come together behind it.
    await this.tellRun({ deviceUid: uuidv7(), deploymentUid: uuidv7() }, false);
    await until(() => this.waitsIn('from inbox'));
    for (const one of publish) await one();
    await until(async () => (await this.world.policy.published()) === (await this.world.policy.position()));
  }
}
