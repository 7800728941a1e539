import { randomBytes } from 'node:crypto';
import type { INestApplication } from '@nestjs/common';
import type { AlertSpec, AlertStatus } from '@muster/contracts/kinds/alert.js';
import type { EventList } from '@muster/contracts/kinds/event.js';
import type {
  WebhookDeliveryList,
  WebhookSpec,
  WebhookStatus,
  WebhookTestResult,
} from '@muster/contracts/kinds/webhook.js';
import type { Resource } from '@muster/contracts/resource.js';
import { loadConfig } from '@muster/platform/config.js';
import { startService } from '@muster/service/start-service.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { v7 as uuidv7 } from 'uuid';
import { deploymentService } from '../src/deployment.service-definition.js';
import { document } from './api.js';
import { WebhookReceiver } from './webhook-receiver.js';
import { openWorld, type World } from './world.js';

type Hook = Resource<WebhookSpec, WebhookStatus>;

const newSecret = () => `whsec_${randomBytes(32).toString('base64')}`;

describe('webhooks', () => {
  let servers: TestServers;
  let world: World;
  let replica: INestApplication | undefined;
  let { api } = {} as World;
  const receivers: WebhookReceiver[] = [];

  beforeAll(async () => {
    servers = await startServers();
    const settings = { MUSTER_WEBHOOK_NETWORKS: '127.0.0.0/8', MUSTER_WEBHOOK_GIVE_UP_HOURS: '0.0005' };
    world = await openWorld(servers, settings);
    // A second process of the service takes its share of the same lines.
    const environment = {
      ...servers.environment('deployment'),
      ...settings,
      MUSTER_HTTP_PORT: '0',
      MUSTER_GRPC_PORT: '0',
    };
    replica = await startService(
      deploymentService,
      loadConfig(deploymentService.config, environment),
      pino({ level: 'silent' }),
    );
    ({ api } = world);
  });

  afterAll(async () => {
    await replica?.close();
    await world?.close();
    for (const receiver of receivers) await receiver.goAway();
    await servers?.stop();
  });

  const receive = async () => {
    const receiver = await WebhookReceiver.open();
    receivers.push(receiver);
    return receiver;
  };
  const hook = async (name: string, receiver: WebhookReceiver, spec: Partial<WebhookSpec> = {}) => {
    const secret = newSecret();
    receiver.secrets.push(secret);
    return api.apply<Hook>('Webhook', 'webhooks', name, { url: receiver.url, events: ['device.*'], secret, ...spec });
  };
  const status = async (name: string) => (await api.get<Hook>(`webhooks/${name}`)).status;
  const deliveries = async (name: string, query = '') =>
    (await api.call<WebhookDeliveryList>('GET', `webhooks/${name}/deliveries${query}`)).body.items;
  const deviceEvents = async () => (await api.call<EventList>('GET', 'events?types=device.*&limit=500')).body.items;
  /** Makes so many devices known, and waits until the events have their places. Answers the ids of their events. */
  const happen = async (prefix: string, count: number) => {
    const names = Array.from({ length: count }, (_, index) => `${prefix}-${index}`);
    for (const name of names) await world.enrol(name);
    const mine = async () => (await deviceEvents()).filter(({ data }) => names.includes(data.device ?? ''));
    await until(async () => (await mine()).length === count);
    return (await mine()).map(({ id }) => id);
  };

  it('deliver each event once and in order, signed so that others can verify it, and shared by replicas', async () => {
    await happen('before', 1);
    const receiver = await receive();
    await hook('whole', receiver);
    const ids = await happen('whole', 40);
    await until(() => receiver.taken.length >= 40);
    expect(receiver.ids).toEqual(ids);
    expect(receiver.mostAtOnce).toBe(1);
    expect(receiver.taken[0]).toMatchObject({
      signatures: 1,
      event: { specversion: '1.0', source: '/sites/S01', type: 'device.enrolled', data: { device: 'whole-0' } },
    });
    expect(receiver.taken.map(({ id, event }) => id === event.id)).not.toContain(false);
    await until(async () => (await status('whole')).pending === 0);
    expect(await status('whole')).toMatchObject({ state: 'working', dead: 0 });
    expect((await deliveries('whole', '?state=delivered&limit=500')).map(({ event }) => event)).toEqual(
      ids.toReversed(),
    );
    await api.call('DELETE', 'webhooks/whole');
  });

  it('wait for a receiver that is away, and then deliver everything once, in order', async () => {
    const receiver = await receive();
    await hook('patient', receiver, { events: ['device.enrolled'] });
    const settled = await happen('patient-a', 2);
    await until(() => receiver.taken.length === 2);
    await receiver.goAway();
    const missed = await happen('patient-b', 5);
    await until(async () => (await status('patient')).state === 'failing');
    expect(await status('patient')).toMatchObject({ lastError: expect.stringContaining('ECONNREFUSED') });
    // It is given up after 1.8 seconds here, unless it comes back: this one comes back as disabled, and a test enables it.
    await until(async () => (await status('patient')).state === 'disabled');
    expect(await status('patient')).toMatchObject({ pending: 0, dead: 5 });
    const alert = () => api.call<Resource<AlertSpec, AlertStatus>>('GET', 'alerts/patient-disabled');
    await until(async () => (await alert()).body.status?.state === 'active');
    expect((await alert()).body.status.message).toMatch(
      /^webhook "patient" was disabled: nothing was delivered since .*ECONN/,
    );
    expect(await api.refused('POST', 'webhooks/patient/redeliver', { dead: true })).toMatchObject({
      status: 409,
      code: 'webhook.disabled',
    });
    const unheard = await happen('patient-c', 1);
    const test = async () => (await api.call<WebhookTestResult>('POST', 'webhooks/patient/test')).body;
    expect(await test()).toMatchObject({ delivered: false, error: 'the connection failed (ECONNREFUSED)' });
    await receiver.comeBack();
    expect(await test()).toMatchObject({ delivered: true, status: 204 });
    expect(receiver.taken.at(-1)?.event).toMatchObject({ type: 'webhook.test' });
    await until(async () => (await alert()).body.status.state === 'resolved');
    // What happened while it was disabled was not kept for it, but can be had.
    expect((await api.call('POST', 'webhooks/patient/redeliver', { dead: true })).body).toEqual({ events: 5 });
    await until(() => receiver.taken.length === 8);
    expect(receiver.ids.slice(3)).toEqual(missed);
    const since = (await deviceEvents()).find(({ id }) => id === missed[0])!.time;
    expect((await api.call('POST', 'webhooks/patient/redeliver', { since })).body).toEqual({ events: 6 });
    await until(() => receiver.taken.length === 14);
    expect(receiver.ids.slice(8)).toEqual([...missed, ...unheard]);
    expect((await api.call('POST', 'webhooks/patient/redeliver', { event: settled[0] })).body).toEqual({ events: 1 });
    await until(() => receiver.taken.length === 15);
    expect(await api.refused('POST', 'webhooks/patient/redeliver', { event: uuidv7() })).toMatchObject({
      status: 404,
      code: 'webhook.delivery-not-found',
    });
    await api.call('DELETE', 'webhooks/patient');
  });

  it('let others pass an event that the receiver refuses, and try it again', async () => {
    const receiver = await receive();
    await hook('choosy', receiver);
    let first: string | undefined;
    receiver.answer = ({ id }) => ((first ??= id) === id && receiver.refused.length === 0 ? 500 : 204);
    const [refused, ...rest] = await happen('choosy', 4);
    await until(() => receiver.taken.length >= 3);
    expect([receiver.refused.map(({ id }) => id), receiver.ids]).toEqual([[refused], rest]);
    await until(async () => (await status('choosy')).pending === 1);
    expect(await deliveries('choosy', '?state=pending')).toMatchObject([
      { event: refused, attempts: 1, lastStatus: 500, lastError: 'it answered 500' },
    ]);
    await until(() => receiver.taken.length === 4);
    expect(receiver.ids.at(-1)).toBe(refused);
    await api.call('DELETE', 'webhooks/choosy');
  });

  it('are not held up by a receiver that never answers', async () => {
    const [slow, quick] = [await receive(), await receive()];
    slow.answer = () => undefined;
    await hook('slow', slow);
    await hook('quick', quick);
    const ids = await happen('pace', 10);
    await until(() => quick.taken.length === 10, 8_000);
    expect(quick.ids).toEqual(ids);
    await until(async () => (await status('slow')).lastError === 'no answer within 10 seconds');
    for (const name of ['slow', 'quick']) await api.call('DELETE', `webhooks/${name}`);
  });

  it('end when the receiver says that it is gone', async () => {
    const receiver = await receive();
    receiver.answer = () => 410;
    await hook('gone', receiver);
    await happen('gone', 2);
    await until(async () => (await status('gone')).state === 'disabled');
    const { pending, dead, lastError } = await status('gone');
    expect([pending, dead >= 1, lastError]).toEqual([0, true, 'it answered 410']);
    await api.call('DELETE', 'webhooks/gone');
  });

  it('sign with the new secret and the old one, and never show either', async () => {
    const receiver = await receive();
    const made = await hook('turning', receiver);
    const [old] = receiver.secrets;
    const next = newSecret();
    const { secretId: _old, ...spec } = made.spec;
    const turned = await api.apply<Hook>('Webhook', 'webhooks', 'turning', { ...spec, secret: next });
    expect(turned.spec.secretId).not.toBe(made.spec.secretId);
    expect(JSON.stringify([made, turned])).not.toContain('whsec_');
    // Repeating it, and changing something else, changes no secret.
    expect((await api.apply<Hook>('Webhook', 'webhooks', 'turning', { ...spec, secret: next })).metadata).toEqual(
      turned.metadata,
    );
    const described = await api.apply<Hook>('Webhook', 'webhooks', 'turning', { ...spec, description: 'for chat' });
    expect(described.spec.secretId).toBe(turned.spec.secretId);
    for (const secret of [old!, next]) {
      receiver.secrets = [secret];
      expect((await api.call<WebhookTestResult>('POST', 'webhooks/turning/test')).body).toMatchObject({
        delivered: true,
      });
    }
    expect(receiver.taken.map(({ signatures }) => signatures)).toEqual([2, 2]);
    await world.sql.query('update webhook_secret set retires_at = now() where retires_at is not null');
    receiver.secrets = [old!];
    expect((await api.call<WebhookTestResult>('POST', 'webhooks/turning/test')).body).toMatchObject({
      delivered: false,
      status: 401,
    });
    const kept = await servers.dump('deployment');
    for (const secret of [old!, next]) expect(kept).not.toContain(secret.slice('whsec_'.length));
    await api.call('DELETE', 'webhooks/turning');
  });

  it('follow no redirect, and go nowhere that the site does not allow', async () => {
    const [receiver, other] = [await receive(), await receive()];
    receiver.answer = () => 302;
    receiver.headers = { location: other.url };
    await hook('led-astray', receiver);
    other.secrets = receiver.secrets;
    expect((await api.call<WebhookTestResult>('POST', 'webhooks/led-astray/test')).body).toMatchObject({
      delivered: false,
      status: 302,
    });
    expect(other.taken).toEqual([]);
    const refused = async (url: string) =>
      api.refused('PUT', 'webhooks/w', document('Webhook', 'w', { url, events: ['*'], secret: newSecret() }));
    for (const url of [
      'https://169.254.169.254/latest',
      'http://10.0.0.1/',
      'https://[::ffff:10.0.0.1]/',
      'https://[fd00::1]/',
    ])
      expect([url, await refused(url)]).toMatchObject([url, { status: 400, code: 'webhook.address-refused' }]);
    expect(await refused('http://93.184.216.34/')).toMatchObject({ status: 400, code: 'webhook.https-required' });
    for (const url of ['ftp://example.org/', 'https://me:secret@example.org/', 'nowhere'])
      expect([url, await refused(url)]).toMatchObject([url, { status: 400, code: 'document.invalid' }]);
    // A name is judged by what it leads to, when it is used.
    await api.apply('Webhook', 'webhooks', 'by-name', {
      url: 'https://localhost:1/',
      events: ['*'],
      secret: newSecret(),
    });
    const byName = (await api.call<WebhookTestResult>('POST', 'webhooks/by-name/test')).body;
    expect(byName.error).toMatch(/network that webhooks of this site are not sent to|ECONNREFUSED/);
    for (const name of ['led-astray', 'by-name']) await api.call('DELETE', `webhooks/${name}`);
  });

  it('are refused without a secret, and with what is none', async () => {
    const put = async (spec: object) =>
      api.refused(
        'PUT',
        'webhooks/w',
        document('Webhook', 'w', { url: 'https://example.org/', events: ['*'], ...spec }),
      );
    expect(await put({})).toMatchObject({ status: 400, code: 'webhook.secret-missing' });
    for (const secret of ['hush', 'whsec_c2hvcnQ=', `whsec_${'!'.repeat(40)}`])
      expect(await put({ secret })).toMatchObject({ status: 400, code: 'document.invalid' });
    expect(await put({ secret: newSecret(), events: ['run.lost'] })).toMatchObject({ code: 'document.invalid' });
    expect(await api.refused('POST', 'webhooks/nothing/test')).toMatchObject({ status: 404 });
    expect(await api.refused('GET', 'webhooks/nothing/deliveries')).toMatchObject({ status: 404 });
  });
});
