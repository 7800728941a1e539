import { until } from '@muster/testing/until.js';
import type { SiteOfDevices } from '../bench/site-of-devices.js';
import type { ExpectedFate, ExpectedRun } from './simulated-agent.js';

interface StoredRun {
  readonly uid: string;
  readonly deviceUid: string;
  readonly deploymentUid: string;
  readonly state: string;
  readonly code: string | null;
  readonly reports: number;
  readonly steps: number;
}

/** Waits until the site has as many finished runs as were told, and then looks whether they are the same. */
export async function problemsOf(site: SiteOfDevices, expected: readonly ExpectedRun[], deployed: readonly string[]) {
  const { deployment, policy } = site.databases;
  const read = () =>
    deployment.query<StoredRun>(
      `select run.uid, device_uid as "deviceUid", deployment_uid as "deploymentUid", state, code, last_number as reports,
         (select count(*) from run_step where run_uid = run.uid) as steps
       from run`,
    );
  const sameAs = (run: StoredRun, { deviceUid, deploymentUid, state, code, reports, steps }: ExpectedRun): boolean =>
    run.deviceUid === deviceUid &&
    run.deploymentUid === deploymentUid &&
    run.state === state &&
    run.code === code &&
    run.reports === reports &&
    run.steps === steps;
  const wanted = new Map(expected.map((run) => [run.runId, run]));
  const isAsTold = (run: StoredRun): boolean => {
    const told = wanted.get(run.uid);
    return told !== undefined && sameAs(run, told);
  };
  let stored: StoredRun[] = [];
  const complete = async (): Promise<boolean> => {
    stored = await read().catch(() => []);
    return stored.filter((run) => isAsTold(run)).length >= expected.length;
  };
  await until(complete, 60_000 + expected.length * 50).catch(() => undefined);
  const byUid = new Map(stored.map((run) => [run.uid, run]));
  const problems = expected.flatMap((one) => {
    const run = byUid.get(one.runId);
    if (!run) return [`run ${one.runId} was told and acknowledged, and is not there`];
    return sameAs(run, one) ? [] : [`run ${one.runId} is ${JSON.stringify(run)}, told was ${JSON.stringify(one)}`];
  });
  for (const { uid } of stored) if (!wanted.has(uid)) problems.push(`run ${uid} is there, and nobody told of it`);
  const total = expected.reduce((sum, { reports }) => sum + reports, 0);
  const [kept] = await policy.query<{ count: number }>('select count(*) as count from report');
  if (kept?.count !== total) problems.push(`${kept?.count} reports are kept of ${total}`);
  const names = await deployment.query<{ name: string }>('select name from deployment');
  for (const name of deployed) {
    if (!names.some((one) => one.name === name)) problems.push(`deployment ${name} was acknowledged, and is not there`);
  }
  const parked = await deployment.query('select 1 from inbox_parked');
  if (parked.length > 0) problems.push(`${parked.length} facts could not be applied`);
  return problems;
}

/** Waits until the site has what every device told last, and counts it as told. */
export async function problemsOfFates(site: SiteOfDevices, expected: readonly ExpectedFate[]): Promise<string[]> {
  const { deployment } = site.databases;
  const textOf = ({ deviceUid, deploymentUid, number, reason }: ExpectedFate): string =>
    `device ${deviceUid}, deployment ${deploymentUid}: ${reason}, number ${number}`;
  const wanted = new Set(expected.map(textOf));
  let kept: string[] = [];
  const complete = async (): Promise<boolean> => {
    const rows = await deployment
      .query<ExpectedFate>(
        `select device_uid as "deviceUid", deployment_uid as "deploymentUid", number, reason from device_fate
         where state = 'waiting'`,
      )
      .catch(() => []);
    kept = rows.map(textOf);
    return kept.length === wanted.size && kept.every((one) => wanted.has(one));
  };
  await until(complete, 60_000).catch(() => undefined);
  const missing = [...wanted].filter((one) => !kept.includes(one)).map((one) => `fate not kept: ${one}`);
  const wrong = kept.filter((one) => !wanted.has(one)).map((one) => `fate kept that was not told last: ${one}`);
  const tally = await deployment.query<{ told: string; devices: number }>(
    `select deployment_uid || ' ' || reason as told, devices from fate_tally where devices > 0`,
  );
  const counts = new Map<string, number>();
  for (const { deploymentUid, reason } of expected)
    counts.set(`${deploymentUid} ${reason}`, (counts.get(`${deploymentUid} ${reason}`) ?? 0) + 1);
  const miscounted = tally
    .filter(({ told, devices }) => counts.get(told) !== Number(devices))
    .map(({ told, devices }) => `${devices} devices are counted for ${told}, and ${counts.get(told) ?? 0} told it`);
  return [...missing, ...wrong, ...miscounted];
}
