import type { INestApplication } from '@nestjs/common';
import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type {
  AlertSubscriptionSpec,
  AlertSubscriptionStatus,
  MailTestResult,
} from '@muster/contracts/kinds/alert-subscription.js';
import type { Resource } from '@muster/contracts/resource.js';
import { loadConfig } from '@muster/platform/config.js';
import { fromMessage, type ResourceMessage } from '@muster/service/resources/grpc.js';
import { startService } from '@muster/service/start-service.js';
import { freePort } from '@muster/testing/free-port.js';
import { grpcClient } from '@muster/testing/grpc-client.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { TcpProxy } from '@muster/testing/tcp-proxy.js';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { deploymentService } from '../src/deployment.service-definition.js';
import { Api, document } from './api.js';
import { MailReceiver } from './mail-receiver.js';
import { openWorld, type World } from './world.js';

type Subscription = Resource<AlertSubscriptionSpec, AlertSubscriptionStatus>;
type Alert = Resource<AlertSpec, AlertStatus>;

const EVERY_SECONDS = 2;
const PAST = '2026-01-01T00:00:00Z';

describe('alerts by mail', () => {
  let servers: TestServers;
  let receiver: MailReceiver;
  let proxy: TcpProxy;
  let world: World;
  let { api } = {} as World;
  const others: INestApplication[] = [];

  /** Another process of the service, with other settings. */
  const another = async (settings: Record<string, string>) => {
    const app = await startService(
      deploymentService,
      loadConfig(deploymentService.config, {
        ...servers.environment('deployment'),
        ...settings,
        MUSTER_HTTP_PORT: '0',
        MUSTER_GRPC_PORT: '0',
      }),
      pino({ level: 'silent' }),
    );
    others.push(app);
    return new Api(await app.getUrl(), world.token);
  };

  beforeAll(async () => {
    servers = await startServers();
    receiver = await MailReceiver.open();
    proxy = await TcpProxy.open(await freePort(), receiver.port);
    const settings = {
      MUSTER_MAIL_SERVER: `smtp://127.0.0.1:${proxy.port}`,
      MUSTER_MAIL_FROM: 'muster@site.example',
      MUSTER_MAIL_TLS: 'off',
      MUSTER_MAIL_GATHER_SECONDS: '0.5',
      MUSTER_MAIL_EVERY_SECONDS: String(EVERY_SECONDS),
    };
    world = await openWorld(servers, settings);
    await another(settings);
    ({ api } = world);
    world.revise('tale', 'a');
    await world.enrol('one');
    await until(async () => (await api.call('GET', 'devices/one')).status === 200);
    await api.apply('Collection', 'collections', 'all', { rules: [{ device: 'one' }] });
  });

  afterAll(async () => {
    for (const app of others) await app.close();
    await world?.close();
    await proxy?.close();
    await receiver?.goAway();
    await servers?.stop();
  });

  afterEach(async () => {
    receiver.refuseAddress = receiver.refuseSender = receiver.refuseContent = () => undefined;
    receiver.beforeAnswer = () => undefined;
    receiver.greets = true;
    proxy.heal();
    for (const { metadata } of await api.list('alert-subscriptions'))
      await api.call('DELETE', `alert-subscriptions/${metadata.name}`);
  });

  const subscribe = async (name: string, spec: Partial<AlertSubscriptionSpec> = {}, metadata = {}) =>
    api.apply<Subscription>(
      'AlertSubscription',
      'alert-subscriptions',
      name,
      { addresses: `${name}@ops.example`, ...spec },
      metadata,
    );
  const statusOf = async (name: string) => (await api.get<Subscription>(`alert-subscriptions/${name}`)).status;
  const deploy = async (name: string, holds: boolean, labels: Record<string, string> = {}) =>
    api.apply(
      'Deployment',
      'deployments',
      name,
      {
        sequence: 'tale',
        collection: 'all',
        purpose: 'Required',
        ...(holds ? { alerts: { succeeded: { percent: 50, by: PAST } } } : {}),
      },
      { labels },
    );
  /** An alert is raised: nobody has succeeded by a time that is over. Its name is NAME-succeeded. */
  const raise = (name: string, labels = {}) => deploy(name, true, labels);
  const resolve = (name: string, labels = {}) => deploy(name, false, labels);
  const stateOf = async (alert: string) => (await api.call<Alert>('GET', `alerts/${alert}`)).body.status?.state;
  const settled = async (name: string, state: AlertSubscriptionStatus['state'] = 'working') =>
    until(async () => {
      const status = await statusOf(name);
      return status.waiting === 0 && status.state === state;
    }, 20_000);

  it('tell that an alert was raised and that it is resolved, with what is wrong and how to look', async () => {
    await subscribe('whole', {}, { displayName: 'Nights; team A' });
    await raise('tell');
    await until(() => receiver.mailsTo('whole@ops.example').length === 1);
    await resolve('tell');
    await until(() => receiver.mailsTo('whole@ops.example').length === 2);
    const [raised, resolved] = receiver.mailsTo('whole@ops.example');
    expect(raised).toMatchObject({
      from: 'muster@site.example',
      recipients: ['whole@ops.example'],
      subject: `[Muster S01] raised: deployment "tell" succeeded on 0 of 1 devices (0 %): 50 % were to succeed by ${new Date(PAST).toISOString()}`,
      messageId: expect.stringMatching(/^<[0-9a-f-]{36}@site\.example>$/),
    });
    expect(raised!.headers.get('auto-submitted')).toBe('auto-generated');
    expect(raised!.headers.get('to')).toBe('whole@ops.example');
    expect(raised!.headers.get('content-type')).toContain('text/plain');
    expect(raised!.text).toMatch(
      /^RAISED {2}warning {2}tell-succeeded\n {2}deployment "tell" succeeded on 0 of 1 devices/,
    );
    expect(raised!.text).toContain('look: muster --site S01 alert describe tell-succeeded\n');
    expect(raised!.text).toContain('say that you do: muster --site S01 alert acknowledge tell-succeeded\n');
    expect(raised!.text).toContain('alert subscription whole (Nights; team A)');
    expect(resolved!.subject).toMatch(/^\[Muster S01\] resolved: deployment "tell"/);
    expect(resolved!.text).toMatch(/^RESOLVED {2}warning {2}tell-succeeded\n {2}no longer: deployment "tell"/);
    expect(resolved!.messageId).not.toBe(raised!.messageId);
    await settled('whole');
    expect(await statusOf('whole')).toEqual({
      state: 'working',
      waiting: 0,
      dead: 0,
      refused: [],
      lastSentAt: expect.any(String),
    });
  });

  it('tell each subscription what it asks for, and nothing else', async () => {
    await subscribe('named', { deployments: ['mine', 'not-there'] });
    await subscribe('labelled', { deploymentLabels: { team: 'web' } });
    await subscribe('other-rule', { rules: ['deployment-failed'] });
    await subscribe('other-site', { sites: ['PR9'] });
    await subscribe('endings', { crossings: ['resolved'] });
    await subscribe('asleep', { enabled: false });
    await subscribe('all');
    await raise('mine');
    await raise('theirs', { team: 'web', tier: 'front' });
    await until(() => new Set(alertsIn('all')).size === 2, 20_000);
    await resolve('mine');
    // Without a deployment there are no labels any more: who was told of its alert is told that it is over.
    await api.call('DELETE', 'deployments/theirs');
    await until(
      () => alertsIn('all').length >= 4 && alertsIn('endings').length === 2 && alertsIn('labelled').length === 2,
      20_000,
    );
    expect(alertsIn('named')).toEqual(['RAISED mine-succeeded', 'RESOLVED mine-succeeded']);
    expect(alertsIn('labelled')).toEqual(['RAISED theirs-succeeded', 'RESOLVED theirs-succeeded']);
    expect(alertsIn('endings').toSorted()).toEqual(['RESOLVED mine-succeeded', 'RESOLVED theirs-succeeded']);
    for (const name of ['other-rule', 'other-site', 'asleep']) expect([name, alertsIn(name)]).toEqual([name, []]);
    expect((await statusOf('asleep')).state).toBe('suspended');
  });

  /** What the mails of a subscription told, in order. */
  const alertsIn = (name: string) =>
    receiver
      .mailsTo(`${name}@ops.example`)
      .flatMap(({ text }) =>
        [...text.matchAll(/^(RAISED|RESOLVED) {2}\w+ {2}(\S+)/gm)].map(([, what, alert]) => `${what} ${alert}`),
      );

  it('come as a few mails when very much happens at once, and say how much that is', async () => {
    await subscribe('flood');
    const names = Array.from({ length: 70 }, (_, index) => `flood-${index}`);
    await Promise.all(names.map((name) => raise(name)));
    const raisedIn = (text: string) =>
      Number(/^(\d+) alerts? raised/m.exec(text)?.[1] ?? (text.startsWith('RAISED') ? 1 : 0));
    const mails = () => receiver.mailsTo('flood@ops.example');
    const count = () => mails().reduce((sum, { text }) => sum + raisedIn(text), 0);
    await until(() => count() >= 70, 30_000);
    expect(count()).toBe(70);
    // Applying them takes a few seconds; each such time has one mail.
    expect(mails().length).toBeLessThan(10);
    const largest = mails().toSorted((a, b) => raisedIn(b.text) - raisedIn(a.text))[0]!;
    expect(largest.subject).toMatch(/^\[Muster S01\] \d+ alerts raised$/);
    const { rows } = await world.sql.query<{ gap: number }>(
      `select extract(epoch from created_at - lag(created_at) over (order by created_at))::float8 as gap from alert_mail
       where subscription_uid = (select uid from alert_subscription where name = 'flood')`,
    );
    for (const { gap } of rows.slice(1)) expect(gap).toBeGreaterThanOrEqual(EVERY_SECONDS);
    // While nothing gets through, all that happens gathers for one mail.
    proxy.cut();
    await Promise.all(names.map((name) => resolve(name)));
    await until(
      async () =>
        (await api.list<Alert>('alerts?labelSelector=state=resolved&limit=500')).filter(({ spec }) =>
          names.includes(spec.subject.name),
        ).length === 70,
      30_000,
    );
    await until(async () => (await statusOf('flood')).waiting === 70);
    const before = mails().length;
    proxy.heal();
    await until(async () => (await statusOf('flood')).waiting === 0, 30_000);
    const later = mails().slice(before);
    const resolved = later.reduce(
      (sum, { text }) => sum + Number(/^(\d+) alerts? resolved\./m.exec(text)?.[1] ?? 1),
      0,
    );
    expect([later.length <= 2, resolved]).toEqual([true, 70]);
    const long = later.find(({ text }) => text.includes('… and'));
    expect(long?.text).toMatch(/… and \d+ more: \d+ alerts resolved. See them all:\n {2}muster --site S01 alert list/);
  });

  it('wait for a mail server that is away, and lose none', async () => {
    await subscribe('patient');
    proxy.cut();
    await raise('lost-one');
    await until(async () => (await statusOf('patient')).state === 'failing', 20_000);
    expect(await statusOf('patient')).toMatchObject({ waiting: 1, failingSince: expect.any(String) });
    expect((await statusOf('patient')).lastError).toMatch(/ECONNRE|closed|ETIMEDOUT|socket/i);
    await raise('lost-two');
    await until(async () => (await statusOf('patient')).waiting === 2);
    // A typing error in the address is mended meanwhile: what waits goes to the right one.
    await subscribe('patient', { addresses: 'mended@ops.example' });
    proxy.heal();
    await until(() => receiver.mailsTo('mended@ops.example').length === 2, 30_000);
    const told = receiver.mailsTo('mended@ops.example').map(({ text }) => /^RAISED.*$/m.exec(text)?.[0]);
    expect(told).toEqual(['RAISED  warning  lost-one-succeeded', 'RAISED  warning  lost-two-succeeded']);
    expect(receiver.mailsTo('patient@ops.example')).toEqual([]);
    await settled('patient');
  });

  it('repeat a mail under the same Message-ID when the server dies before it says that it has it', async () => {
    await subscribe('repeated');
    receiver.beforeAnswer = () => {
      receiver.beforeAnswer = () => undefined;
      proxy.cut();
    };
    await raise('again');
    await until(async () => (await statusOf('repeated')).state === 'failing', 20_000);
    proxy.heal();
    await until(() => receiver.mailsTo('repeated@ops.example').length === 2, 30_000);
    const [first, second] = receiver.mailsTo('repeated@ops.example');
    expect([second!.messageId, second!.subject, second!.text, second!.headers.get('date')]).toEqual([
      first!.messageId,
      first!.subject,
      first!.text,
      first!.headers.get('date'),
    ]);
    await settled('repeated');
  });

  it('come to the other addresses when one is refused for ever, which the status shows', async () => {
    await subscribe('some', { addresses: 'gone@ops.example; here@ops.example' });
    let asked = 0;
    receiver.refuseAddress = (address) => {
      if (address !== 'gone@ops.example') return undefined;
      asked += 1;
      return { status: 550, text: '5.1.1 no such user' };
    };
    await raise('refused');
    await settled('some', 'failing');
    expect(receiver.mailsTo('here@ops.example')).toHaveLength(1);
    expect(receiver.taken.at(-1)?.headers.get('to')).toBe('gone@ops.example, here@ops.example');
    expect(await statusOf('some')).toMatchObject({
      dead: 0,
      refused: [
        { address: 'gone@ops.example', state: 'refused', answer: expect.stringContaining('550 5.1.1 no such user') },
      ],
    });
    expect(asked).toBe(1);
    // Nobody takes it: it is given up, and not lost without a word.
    receiver.refuseAddress = () => ({ status: 550, text: 'nobody' });
    await raise('refused-too');
    await until(async () => (await statusOf('some')).dead === 1, 20_000);
    expect((await statusOf('some')).refused).toHaveLength(2);
  });

  it('come later to an address that is refused for now, and once to the others', async () => {
    await subscribe('full', { addresses: 'full@ops.example;quick@ops.example' });
    let asked = 0;
    receiver.refuseAddress = (address) =>
      address === 'full@ops.example' && (asked += 1) === 1 ? { status: 452, text: '4.2.2 mailbox full' } : undefined;
    await raise('later');
    await until(() => receiver.mailsTo('full@ops.example').length === 1, 30_000);
    const mails = receiver.taken.slice(-2);
    expect(mails.map(({ recipients }) => recipients)).toEqual([['quick@ops.example'], ['full@ops.example']]);
    expect(mails[0]!.messageId).toBe(mails[1]!.messageId);
    await settled('full');
  });

  it('hold nothing up when a server refuses the sender, or the content of one mail', async () => {
    await subscribe('sender');
    receiver.refuseSender = () => ({ status: 550, text: 'you are nobody' });
    await raise('sent-by');
    await until(async () => (await statusOf('sender')).state === 'failing', 20_000);
    expect((await statusOf('sender')).lastError).toMatch(/MAIL FROM with "550 you are nobody"/);
    receiver.refuseSender = () => undefined;
    await until(() => receiver.mailsTo('sender@ops.example').length === 1, 30_000);
    receiver.refuseContent = () => ({ status: 554, text: 'looks like spam' });
    await resolve('sent-by');
    await until(async () => (await statusOf('sender')).dead === 1, 20_000);
    receiver.refuseContent = () => undefined;
    await raise('sent-by');
    await until(() => receiver.mailsTo('sender@ops.example').length === 2, 30_000);
  });

  it('do not wait for ever for a server that says nothing', async () => {
    await subscribe('hanging');
    receiver.greets = false;
    await raise('hung');
    await until(async () => (await statusOf('hanging')).state === 'failing', 40_000);
    expect((await statusOf('hanging')).lastError).toMatch(/greeting/i);
    receiver.greets = true;
    await until(() => receiver.mailsTo('hanging@ops.example').length === 1, 40_000);
  });

  it('are sent by another process when the one that began is gone', async () => {
    await subscribe('leased');
    // As a process leaves it that is killed while it sends.
    const uid = `(select uid from alert_subscription where name = 'leased')`;
    await world.sql.query(
      `insert into alert_mail (uid, subscription_uid, subject, body, lease, leased_until)
       values (gen_random_uuid(), ${uid}, 'orphaned', 'text', gen_random_uuid(), now() + interval '2 seconds')`,
    );
    await until(() => receiver.mailsTo('leased@ops.example').length === 1, 20_000);
    expect(receiver.taken.at(-1)).toMatchObject({ subject: 'orphaned' });
  });

  it('say nothing while an alert is acknowledged or put off, and come again when the time is over', async () => {
    await subscribe('put-off');
    await raise('later-on');
    await until(() => receiver.mailsTo('put-off@ops.example').length === 1, 20_000);
    const act = (deed: string, body: object) => api.call('POST', `alerts/later-on-succeeded/${deed}`, body);
    await act('acknowledge', { comment: 'looking' });
    await act('postpone', { until: new Date(Date.now() + 4_000).toISOString() });
    await until(async () => (await stateOf('later-on-succeeded')) === 'active', 20_000);
    await until(() => receiver.mailsTo('put-off@ops.example').length === 2, 20_000);
    expect(receiver.mailsTo('put-off@ops.example').map(({ subject }) => subject.slice(0, 20))).toEqual([
      '[Muster S01] raised:',
      '[Muster S01] raised:',
    ]);
    await act('close', {});
    await resolve('later-on');
    await until(async () => (await api.call<Alert>('GET', 'alerts/later-on-succeeded')).body.status.holds === false);
    expect(await statusOf('put-off')).toMatchObject({ waiting: 0, state: 'working' });
  });

  it('are not told later to who had them suspended', async () => {
    await subscribe('paused');
    proxy.cut();
    await raise('unheard');
    await until(async () => (await statusOf('paused')).waiting === 1);
    await subscribe('paused', { enabled: false });
    expect(await statusOf('paused')).toMatchObject({ state: 'suspended', waiting: 0 });
    await subscribe('paused');
    proxy.heal();
    await raise('heard');
    await until(() => receiver.mailsTo('paused@ops.example').length === 1, 20_000);
    expect(receiver.mailsTo('paused@ops.example')[0]!.text).not.toContain('unheard-succeeded');
  });

  it('can be tried, and the answer of the server is told for each address, over both doors', async () => {
    await subscribe('trial', { addresses: 'yes@ops.example;no@ops.example' });
    receiver.refuseAddress = (address) => (address.startsWith('no') ? { status: 550, text: 'not here' } : undefined);
    const test = async () => (await api.call<MailTestResult>('POST', 'alert-subscriptions/trial/test')).body;
    expect(await test()).toEqual({
      sent: true,
      messageId: expect.stringContaining('@site.example>'),
      recipients: [
        { address: 'yes@ops.example', state: 'taken', answer: expect.stringMatching(/^250/) },
        { address: 'no@ops.example', state: 'refused', answer: '550 not here' },
      ],
      milliseconds: expect.any(Number),
    });
    expect(receiver.taken.at(-1)).toMatchObject({ subject: '[Muster S01] test of subscription trial' });
    proxy.cut();
    expect(await test()).toMatchObject({ sent: false, recipients: [], error: expect.any(String) });
    proxy.heal();
    const actions = grpcClient('deployment', 'AlertSubscriptionActionService', world.grpcAddress, world.token);
    const kinds = grpcClient('deployment', 'AlertSubscriptionService', world.grpcAddress, world.token);
    try {
      expect(await actions.call<MailTestResult>('Test', { name: 'trial' })).toMatchObject({
        sent: true,
        recipients: [{ state: 'taken' }, { state: 'refused' }],
      });
      const one = fromMessage(await kinds.call<ResourceMessage>('Get', { name: 'trial' })) as unknown as Subscription;
      expect(one.spec.addresses).toBe('yes@ops.example;no@ops.example');
    } finally {
      actions.close();
      kinds.close();
    }
    expect(await api.refused('POST', 'alert-subscriptions/nothing/test')).toMatchObject({ status: 404 });
  });

  it('are refused with addresses that are none, or that would write headers, and with fields that nobody knows', async () => {
    const put = async (spec: object) =>
      api.refused('PUT', 'alert-subscriptions/bad', document('AlertSubscription', 'bad', spec));
    for (const addresses of [
      '',
      ' ; ',
      'nobody',
      'a@b.example\r\nBcc: c@d.example',
      'a@b.example\nSubject: x',
      'Name <a@b.example>',
      'a@b.example, c@d.example',
      '"quoted"@b.example',
      'a@b.example; A@B.example',
      'a@b..example',
      `${'x'.repeat(260)}@b.example`,
      Array.from({ length: 51 }, (_, index) => `a${index}@b.example`).join(';'),
    ])
      expect([addresses, await put({ addresses })]).toMatchObject([
        addresses,
        { status: 400, code: 'document.invalid' },
      ]);
    const addresses = 'a@b.example';
    for (const wrong of [
      { rules: ['lost'] },
      { rules: [] },
      { crossings: ['changed'] },
      { sites: ['nowhere'] },
      { to: 'x' },
    ])
      expect([wrong, await put({ addresses, ...wrong })]).toMatchObject([
        wrong,
        { status: 400, code: 'document.invalid' },
      ]);
  });

  it('are refused where the site has no mail server; those that are there say so', async () => {
    await subscribe('stranded');
    const without = await another({});
    expect(
      await without.refused(
        'PUT',
        'alert-subscriptions/new',
        document('AlertSubscription', 'new', { addresses: 'a@b.example' }),
      ),
    ).toMatchObject({
      status: 409,
      code: 'mail.no-server',
      detail: expect.stringContaining('MUSTER_MAIL_SERVER'),
    });
    expect(await without.refused('POST', 'alert-subscriptions/stranded/test')).toMatchObject({
      code: 'mail.no-server',
    });
    expect((await without.get<Subscription>('alert-subscriptions/stranded')).status.state).toBe('no-server');
    expect((await without.call('DELETE', 'alert-subscriptions/stranded')).status).toBe(200);
  });
});
