import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { AuditEntry } from '@muster/contracts/kinds/audit.js';
import type { Event } from '@muster/contracts/kinds/event.js';
import { freePort } from '@muster/testing/free-port.js';
import { until } from '@muster/testing/until.js';
import { SMTPServer } from 'smtp-server';
import { reflectedServices } from './reflection-client.js';
import { REPOSITORY, run, SiteUnderTest } from './site-under-test.js';

const AGENT = join(REPOSITORY, 'dist', 'apps', 'agent', 'src', 'main.js');
const RECEIVER = join(REPOSITORY, 'test', 'e2e', 'monitoring', 'receiver.mjs');

const documents = `
apiVersion: muster/v1
kind: Collection
metadata: {name: all-of-them}
spec: {rules: [{allDevices: true}]}
---
apiVersion: muster/v1
kind: TaskSequence
metadata: {name: break-it}
spec:
  steps:
    - {step: Break, type: RunCommandLine, settings: {command: /bin/false}}
---
apiVersion: muster/v1
kind: Deployment
metadata: {name: break-all}
spec:
  sequence: break-it
  collection: all-of-them
  purpose: Required
  alerts: {failedAbovePercent: 10}
  comment: to see what is told
---
apiVersion: muster/v1
kind: AlertSubscription
metadata: {name: ops}
spec: {addresses: ops@site.example; on-call@site.example, deployments: [break-all]}
`;

/** What arrived at the receiver process. */
interface Told {
  id: string;
  event: Event;
}

describe('what a site tells others', () => {
  let site: SiteUnderTest;
  let agent: ChildProcess | undefined;
  let receiver: ChildProcess | undefined;
  let port: number;
  let secret: string;
  const told: Told[] = [];

  const startReceiver = () => {
    receiver = spawn(process.execPath, [RECEIVER, String(port), secret], { stdio: ['ignore', 'pipe', 'inherit'] });
    let text = '';
    receiver.stdout?.on('data', (chunk: Buffer) => {
      const lines = (text + chunk.toString()).split('\n');
      text = lines.pop() ?? '';
      told.push(...lines.map((line) => JSON.parse(line) as Told));
    });
  };
  const stopReceiver = async () => {
    if (!receiver || receiver.exitCode !== null || receiver.signalCode !== null) return;
    receiver.kill('SIGKILL');
    await once(receiver, 'exit');
  };
  let mailServer: SMTPServer | undefined;
  const mails: string[] = [];
  /** Somebody else's mail server. Answers its port. */
  const startMailServer = async () => {
    const mailPort = await freePort();
    mailServer = new SMTPServer({
      disabledCommands: ['STARTTLS', 'AUTH'],
      disableReverseLookup: true,
      closeTimeout: 1,
      onData: (stream, _session, done) => {
        let text = '';
        stream.on('data', (chunk: Buffer) => (text += chunk.toString()));
        stream.on('end', () => {
          mails.push(text);
          done();
        });
      },
    });
    const { server } = mailServer;
    server.listen(mailPort, '127.0.0.1');
    await once(server, 'listening');
    return mailPort;
  };
  const types = () => told.map(({ event }) => event.type);

  beforeAll(async () => {
    site = await SiteUnderTest.withDatabase();
    const mailPort = await startMailServer();
    const mail = [
      '--mail-server',
      `smtp://127.0.0.1:${mailPort}`,
      '--mail-from',
      'muster@site.example',
      '--mail-tls',
      'off',
    ];
    await site.up('--webhooks-to', '127.0.0.0/8', ...mail);
    port = await freePort();
    const token = (await site.ok('enrolment-token', 'create')).trim();
    await run(AGENT, ['enrol', '--server', site.url, '--name', 'web-1', '--state', join(site.folder, 'agent')], {
      ...site.environment,
      MUSTER_ENROLMENT_TOKEN: token,
    });
    await until(async () => (await site.ok('get', 'devices')).includes('web-1'));
  });

  afterAll(async () => {
    agent?.kill('SIGKILL');
    await stopReceiver();
    await site?.remove();
    await new Promise<void>((closed) => (mailServer ? mailServer.close(closed) : closed()));
  });

  it('is a deployment that fails: an alert for people, and both events at a receiver that verifies them', async () => {
    const url = `http://127.0.0.1:${port}/hooks`;
    secret = (
      await site.ok('webhook', 'create', 'to-chat', '--url', url, '--event', 'run.*', '--event', 'alert.*')
    ).trim();
    expect(secret).toMatch(/^whsec_/);
    startReceiver();
    await until(async () => (await site.muster('webhook', 'test', 'to-chat')).code === 0);
    await until(() => told.length === 1);

    writeFileSync(join(site.folder, 'site.yaml'), documents);
    await site.ok('apply', '-f', join(site.folder, 'site.yaml'));
    agent = spawn(process.execPath, [AGENT, 'daemon', '--state', join(site.folder, 'agent')], {
      env: site.environment,
      stdio: 'ignore',
    });
    await until(() => told.length === 3, 120_000);
    expect(types()).toEqual(['webhook.test', 'run.failed', 'alert.raised']);
    expect(told[1]?.event).toMatchObject({
      specversion: '1.0',
      source: '/sites/S01',
      data: { device: 'web-1', deployment: 'break-all', taskSequence: 'break-it', step: 'Break' },
    });
    expect(told[2]?.event.data.message).toBe('deployment "break-all" failed on 1 of 1 devices (100 %): more than 10 %');
    expect(told[1]?.id).toBe(told[1]?.event.id);
    expect(await site.ok('alert', 'list')).toMatch(/break-all-failed +active +error/);
  }, 240_000);

  it('is an alert by mail too, for who subscribed; a test says what the mail server answers', async () => {
    await until(() => mails.length === 1, 60_000);
    expect(mails[0]).toMatch(/^To: ops@site\.example, on-call@site\.example\r$/m);
    expect(mails[0]).toContain('deployment "break-all" failed on 1 of 1 devices (100 %)');
    expect(mails[0]).toContain('muster --site S01 alert describe break-all-failed');
    expect(await site.ok('alert-subscription', 'test', 'ops')).toMatch(
      /^ADDRESS +STATE +ANSWER\nops@site\.example +taken +250 .*\non-call@site\.example +taken +250 .*\n<.*@site\.example> after \d+ ms/,
    );
    expect(mails).toHaveLength(2);
    expect(await site.ok('get', 'alert-subscriptions')).toMatch(
      /ops +ops@site\.example; on-call@site\.example +working +0 +0/,
    );
    await site.ok('delete', 'alert-subscription', 'ops');
    const gone = await site.muster('alert-subscription', 'test', 'ops');
    expect([gone.code === 0, gone.stderr]).toEqual([false, expect.stringContaining('resource.not-found')]);
  }, 120_000);

  it('waits while the receiver is away and the service dies, and comes once, in order', async () => {
    await stopReceiver();
    const before = told.length;
    await site.ok('alert', 'acknowledge', 'break-all-failed', '--comment', 'looking');
    await until(async () => (await site.ok('get', 'webhooks')).includes('failing'));
    process.kill(site.pids()['deployment']!, 'SIGKILL');
    await until(async () => (await site.muster('alert', 'comment', 'break-all-failed', 'found it')).code === 0);
    await site.ok('alert', 'close', 'break-all-failed');
    startReceiver();
    await until(() => told.length >= before + 3, 120_000);
    await until(async () => (await site.ok('webhook', 'deliveries', 'to-chat', '--state', 'pending')) === '');
    const events = JSON.parse(
      `[${(await site.ok('events', '--type', 'run.*', '--type', 'alert.*', '-o', 'json')).trim().replaceAll('\n', ',')}]`,
    ) as Event[];
    expect(told.slice(1).map(({ event }) => event)).toEqual(events);
    expect(types().slice(before)).toEqual(['alert.changed', 'alert.changed', 'alert.changed']);
  }, 240_000);

  it('can be read as history, over both doors, and who did what too', async () => {
    const lines = (await site.ok('events', '--since', '1h', '--device', 'web-1')).trim().split('\n');
    expect(lines.map((line) => line.split(/ +/)[1])).toEqual(['device.enrolled', 'run.failed']);
    const history = (await site.ok('device', 'history', 'web-1')).trim().split('\n').slice(1);
    expect(history.map((line) => line.split(/ +/)[1])).toEqual(['run.failed', 'run.started', 'device.enrolled']);
    const audit = JSON.parse(await site.ok('audit', '--since', '1h', '-o', 'json')) as AuditEntry[];
    expect(audit.map(({ service, action, kind, name }) => `${service}: ${action} ${kind} ${name}`)).toEqual(
      expect.arrayContaining([
        'deployment: closed Alert break-all-failed',
        'deployment: created Deployment break-all',
        'deployment: created Webhook to-chat',
        'catalog: created TaskSequence break-it',
        expect.stringMatching(/^policy: created EnrolmentToken /),
      ]),
    );
    expect(audit.map(({ id }) => id)).toEqual(
      audit
        .map(({ id }) => id)
        .toSorted()
        .toReversed(),
    );
    expect(JSON.stringify(audit)).not.toContain('whsec_');
    expect(await site.ok('audit', '--kind', 'Alert')).toMatch(/admin +closed +Alert break-all-failed/);
    const { list } = await reflectedServices(`127.0.0.1:${site.port}`, site.token);
    for (const [service, path] of [
      ['EventService', 'events'],
      ['AuditService', 'audit'],
    ] as const) {
      const rest = (await (await site.rest(`/api/v1/${path}`)).json()) as { items: { id: string }[] };
      const grpc = (await list(`muster.deployment.v1.${service}`)) as typeof rest;
      expect(grpc.items.map(({ id }) => id)).toEqual(rest.items.map(({ id }) => id));
    }
  });
});
