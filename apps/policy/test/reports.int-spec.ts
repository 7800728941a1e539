import { randomUUID } from 'node:crypto';
import { digestOf } from '@muster/contracts/digest.js';
import { membersChanged } from '@muster/contracts/events/members-changed.js';
import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { collection as collectionKind } from '@muster/contracts/kinds/collection.js';
import { deployment as deploymentKind } from '@muster/contracts/kinds/deployment.js';
import { outboxRead } from '@muster/contracts/subjects.js';
import { Database } from '@muster/persistence/database.js';
import { readOutbox } from '@muster/persistence/outbox.js';
import type { StepReport } from '@muster/sequence/report.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { HousekeepingRepository } from '../src/housekeeping/housekeeping.repository.js';
import { collectionNamed, deploymentOf, plain } from './documents.js';
import { PolicyUnderTest } from './policy-under-test.js';
import { call, type TestDevice } from './test-device.js';
import { readReportedRuns, type ReportedRun } from './told-facts.js';

let servers: TestServers;
let policy: PolicyUnderTest;
let database: Database;
let device: TestDevice;
let neighbour: TestDevice;
let deploymentUid: string;
const collection = collectionNamed('computers');
const deployment = deploymentOf('rollout', 'computers', plain('A'));

beforeAll(async () => {
  servers = await startServers();
  policy = await PolicyUnderTest.start(servers);
  database = new Database({ url: servers.environment('policy')['MUSTER_DATABASE_URL'] ?? '', schema: 'policy' });
  [device, neighbour] = [await policy.device(), await policy.device()];
  policy.know(plain('A'));
  await policy.deployment.publish(resourceEvents(collectionKind).saved, { resource: collection, actor: 'test' });
  await policy.deployment.publish(membersChanged, {
    collectionUid: collection.metadata.uid,
    added: [device.uid, neighbour.uid],
    removed: [],
  });
  await policy.deployment.publish(resourceEvents(deploymentKind).saved, { resource: deployment, actor: 'test' });
  deploymentUid = deployment.metadata.uid;
  await until(async () => (await device.policy()).assignments.length === 1);
});

afterAll(async () => {
  await database?.close();
  await policy?.stop();
  await servers?.stop();
});

function reports(runId: string, numbers: number[], change: Partial<StepReport> = {}) {
  return numbers.map((number) => ({
    deploymentUid,
    report: { event: 'step-finished', runId, number, at: '2026-11-21T12:00:00Z', ...change },
  }));
}

async function factsOf(runId: string): Promise<ReportedRun[]> {
  // As the other services read them: nothing has a position before it is committed, and nothing keeps it after that.
  await until(async () => (await database.query('select 1 from outbox where position is null')).length === 0);
  return (await readReportedRuns(policy.deployment.bus)).filter((fact) => fact.runId === runId);
}

const numbersOf = (facts: ReportedRun[]) => facts.map((fact) => fact.reports.map(({ number }) => number));

it('acknowledges what it keeps, and makes one fact per run in order of numbers', async () => {
  const [one, other] = [randomUUID(), randomUUID()];
  const answer = await device.post('/reports', { reports: [...reports(one, [2, 1, 3]), ...reports(other, [1])] });
  expect(answer.status).toBe(200);
  expect(answer.body['acknowledged']).toEqual([
    { runId: one, number: 2 },
    { runId: one, number: 1 },
    { runId: one, number: 3 },
    { runId: other, number: 1 },
  ]);
  expect(numbersOf(await factsOf(one))).toEqual([[1, 2, 3]]);
  expect(await factsOf(other)).toMatchObject([{ deviceUid: device.uid, deploymentUid, reports: [{ number: 1 }] }]);
});

it('acknowledges repeated reports again, and makes no second fact of them', async () => {
  const run = randomUUID();
  await device.post('/reports', { reports: reports(run, [1, 2]) });
  const again = await device.post('/reports', { reports: reports(run, [1, 2, 3, 3]) });
  expect(again.body['acknowledged']).toHaveLength(4);
  expect(numbersOf(await factsOf(run))).toEqual([[1, 2], [3]]);
});

it('passes on which revision each run runs, with every fact of a run that says so', async () => {
  const [one, other, silent] = [randomUUID(), randomUUID(), randomUUID()];
  const [older, newer] = [digestOf('older'), digestOf('newer')];
  const saying = (run: string, numbers: number[], sequenceDigest: string) =>
    reports(run, numbers).map((entry) => ({ ...entry, sequenceDigest }));
  const batch = [...saying(one, [1, 2], older), ...saying(other, [1], newer), ...reports(silent, [1])];
  expect((await device.post('/reports', { reports: batch })).status).toBe(200);
  expect((await device.post('/reports', { reports: saying(one, [2, 3], older) })).status).toBe(200);
  const digests = async (run: string) => (await factsOf(run)).map(({ sequenceDigest }) => sequenceDigest);
  expect(await digests(one)).toEqual([older, older]);
  expect(await digests(other)).toEqual([newer]);
  expect((await factsOf(silent)).map((fact) => 'sequenceDigest' in fact)).toEqual([false]);
});

it('refuses a revision that is no digest, naming the report', async () => {
  const [first, second] = reports(randomUUID(), [1, 2]);
  const refused = await device.post('/reports', { reports: [first, { ...second, sequenceDigest: 'sha256:ABC' }] });
  expect([refused.status, refused.body['code']]).toEqual([400, 'document.invalid']);
  expect(refused.body['findings']).toMatchObject([{ path: '/reports/1/sequenceDigest' }]);
});

it('takes reports of a newer agent, without the fields that this site does not know yet', async () => {
  const run = randomUUID();
  const [entry] = reports(run, [1]);
  const newer = {
    reports: [{ ...entry, mood: 'good', report: { ...entry?.report, colour: 'red' } }],
    sentBy: 'agent 9',
  };
  const answer = await device.post('/reports', newer);
  expect([answer.status, answer.body['acknowledged']]).toEqual([200, [{ runId: run, number: 1 }]]);
  expect(JSON.stringify(await factsOf(run))).not.toContain('colour');
});

it('keeps each report once when batches cross on the way', async () => {
  const run = randomUUID();
  const batches = [
    [1, 2, 3],
    [2, 3, 4],
    [1, 4, 5],
    [5, 1, 2],
  ];
  const answers = await Promise.all(batches.map((batch) => device.post('/reports', { reports: reports(run, batch) })));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200]);
  expect(
    numbersOf(await factsOf(run))
      .flat()
      .sort(),
  ).toEqual([1, 2, 3, 4, 5]);
});

it('takes 500 reports at once, however much they say, in facts that the bus can carry', async () => {
  const run = randomUUID();
  const numbers = Array.from({ length: 500 }, (_, index) => index + 1);
  const answer = await device.post('/reports', { reports: reports(run, numbers, { message: 'x'.repeat(4000) }) });
  expect(answer.status).toBe(200);
  const facts = await factsOf(run);
  expect(numbersOf(facts).flat()).toEqual(numbers);
  expect(Math.max(...facts.map((fact) => JSON.stringify(fact).length))).toBeLessThan(250_000);
  const more = await device.post('/reports', { reports: [...reports(run, numbers), ...reports(run, [501])] });
  expect([more.status, more.body['code']]).toEqual([400, 'document.invalid']);
});

it('takes output that a database cannot keep as it is', async () => {
  const run = randomUUID();
  const answer = await device.post('/reports', { reports: reports(run, [1], { output: 'a\0b\uD800' }) });
  expect(answer.status).toBe(200);
  expect((await factsOf(run))[0]?.reports[0]?.output).toBe('a\uFFFDb\uFFFD');
});

it('forgets the reports of a run that was silent for a month, and of no other', async () => {
  const [old, young] = [randomUUID(), randomUUID()];
  await device.post('/reports', { reports: [...reports(old, [1, 2]), ...reports(young, [1])] });
  await database.query(`update reported_run set last_report_at = now() - interval '32 days' where run_id = $1`, [old]);
  await new HousekeepingRepository().deleteSome(database);
  const kept = await database.query('select run_id as run from report where run_id = any($1::uuid[])', [[old, young]]);
  expect(kept).toEqual([{ run: young }]);
});

it('keeps the reports of a silent run for as long as a service has not read the fact of them', async () => {
  const [unread, read] = [randomUUID(), randomUUID()];
  await device.post('/reports', { reports: [...reports(unread, [1, 2, 4]), ...reports(read, [1])] });
  const age = async (table: string, condition: string, value: string) =>
    database.query(`update ${table} set ${condition}`, [value]);
  await age('outbox', `occurred_at = now() - interval '40 days' where payload ->> 'runId' = $1`, unread);
  await age('reported_run', `last_report_at = now() - interval '40 days' where run_id = $1`, unread);
  await age('reported_run', `last_report_at = now() - interval '41 days' where run_id = $1`, read);
  // The oldest fact that is kept is the one of `unread`, and first in the order.
  await database.query('delete from outbox where occurred_at > (select min(occurred_at) from outbox)');
  await new HousekeepingRepository().deleteSome(database);
  const kept = await database.query('select distinct run_id as run from report where run_id = any($1::uuid[])', [
    [unread, read],
  ]);
  expect(kept).toEqual([{ run: unread }]);
  expect(numbersOf(await factsOf(unread))).toEqual([[1, 2, 4]]);
});

it('refuses a run of another device, and keeps nothing of the batch', async () => {
  const [theirs, mine] = [randomUUID(), randomUUID()];
  await neighbour.post('/reports', { reports: reports(theirs, [1]) });
  const answer = await device.post('/reports', { reports: [...reports(mine, [1]), ...reports(theirs, [2])] });
  expect([answer.status, answer.body['code']]).toEqual([403, 'reports.foreign-run']);
  expect(answer.body['findings']).toMatchObject([{ path: '/reports/1', code: 'reports.foreign-run' }]);
  expect(await factsOf(mine)).toEqual([]);
  expect(numbersOf(await factsOf(theirs))).toEqual([[1]]);
});

it('takes what comes at the same time as a delivery that is refused, whatever it is refused for', async () => {
  const theirs = randomUUID();
  await neighbour.post('/reports', { reports: reports(theirs, [1]) });
  const mine = Array.from({ length: 8 }, () => randomUUID());
  const beside = [randomUUID(), randomUUID()];
  const foreign = [...reports(beside[0] ?? '', [1]), ...reports(theirs, [2])];
  const unassigned = reports(beside[1] ?? '', [1]).map((entry) => ({ ...entry, deploymentUid: randomUUID() }));
  const deliveries = [...mine.slice(0, 4).map((run) => reports(run, [1, 2])), foreign, unassigned];
  deliveries.push(...mine.slice(4).map((run) => reports(run, [1, 2])));
  const answers = await Promise.all(deliveries.map((one) => device.post('/reports', { reports: one })));
  expect(answers.map(({ status }) => status)).toEqual([200, 200, 200, 200, 403, 403, 200, 200, 200, 200]);
  expect([answers[4]?.body['code'], answers[5]?.body['code']]).toEqual(['reports.foreign-run', 'reports.not-assigned']);
  for (const run of mine) expect(numbersOf(await factsOf(run))).toEqual([[1, 2]]);
  const traces = await database.query('select 1 from reported_run where run_id = any($1::uuid[])', [beside]);
  expect(traces).toEqual([]);
});

it('lets facts wait while a crowd reports, but not for as long as the crowd goes on', async () => {
  const { head } = await readOutbox(database, 0, 1);
  await policy.deployment.bus.request(outboxRead('policy'), { consumer: 'deployment', after: head, limit: 1 });
  const waiting = () =>
    database.query<{ id: string }>('select id from outbox where position is null order by sequence limit 50');
  const statuses = new Set<number>();
  const over = new AbortController();
  const crowd = Array.from({ length: 12 }, async () => {
    while (!over.signal.aborted)
      statuses.add((await device.post('/reports', { reports: reports(randomUUID(), [1]) })).status);
  });
  try {
    await until(async () => (await waiting()).length === 50);
    const metrics = await call(policy.base, '/metrics', { token: policy.token });
    expect(Number(/^muster_outbox_waiting_seconds\S* (\S+)$/m.exec(metrics.text)?.[1])).toBeGreaterThan(0);
    const [oldest] = await waiting();
    await until(async () => !(await waiting()).some(({ id }) => id === oldest?.id));
  } finally {
    over.abort();
    await Promise.all(crowd);
  }
  expect([...statuses]).toEqual([200]);
  await until(async () => (await waiting()).length === 0);
});

it('refuses what was never assigned, and a run id that is no UUID, naming the reports', async () => {
  const batch = reports(randomUUID(), [1, 2]);
  batch[1]!.deploymentUid = randomUUID();
  const refused = await device.post('/reports', { reports: batch });
  expect([refused.status, refused.body['code']]).toEqual([403, 'reports.not-assigned']);
  expect(refused.body['findings']).toMatchObject([{ path: '/reports/1' }]);
  const malformed = await device.post('/reports', { reports: reports('text', [1]) });
  expect([malformed.status, malformed.body['code']]).toEqual([400, 'reports.invalid-run']);
});

it('refuses a device outside the collection, and still takes reports of one that left or whose deployment is gone', async () => {
  const stranger = await policy.device();
  const refused = await stranger.post('/reports', { reports: reports(randomUUID(), [1]) });
  expect([refused.status, refused.body['code']]).toEqual([403, 'reports.not-assigned']);
  await policy.deployment.publish(membersChanged, {
    collectionUid: collection.metadata.uid,
    added: [],
    removed: [neighbour.uid],
  });
  await policy.deployment.publish(resourceEvents(deploymentKind).deleted, { resource: deployment, actor: 'test' });
  await until(async () => (await device.policy()).assignments.length === 0);
  for (const late of [device, neighbour]) {
    expect((await late.post('/reports', { reports: reports(randomUUID(), [1]) })).status).toBe(200);
  }
});
