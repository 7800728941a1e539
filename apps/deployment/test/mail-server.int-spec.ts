import { getCACertificates, setDefaultCACertificates } from 'node:tls';
import { loadConfig } from '@muster/platform/config.js';
import { deploymentConfigSchema } from '../src/config.js';
import { MailServer } from '../src/subscriptions/mail-server.js';
import { mailSettingsOf } from '../src/subscriptions/mail-settings.js';
import { MAIL_CERTIFICATE } from './mail-certificate.js';
import { MailReceiver } from './mail-receiver.js';

describe('the mail server of a site', () => {
  const receivers: MailReceiver[] = [];
  const own = getCACertificates('default');

  afterEach(async () => {
    setDefaultCACertificates(own);
    for (const receiver of receivers.splice(0)) await receiver.goAway();
  });

  const keep = (receiver: MailReceiver) => {
    receivers.push(receiver);
    return receiver;
  };
  const trust = () => setDefaultCACertificates([...own, MAIL_CERTIFICATE]);
  /** As the service is configured. */
  const serverAt = (address: string, settings: Record<string, string> = {}) => {
    const config = loadConfig(deploymentConfigSchema, {
      MUSTER_SITE: 'S01',
      MUSTER_HTTP_PORT: '0',
      MUSTER_GRPC_PORT: '0',
      MUSTER_DATABASE_URL: 'postgres://nobody@localhost/none',
      MUSTER_NATS_URL: 'nats://localhost',
      MUSTER_WEBHOOK_KEY: 'a'.repeat(43),
      MUSTER_MAIL_SERVER: address,
      MUSTER_MAIL_FROM: 'muster@site.example',
      ...settings,
    });
    return new MailServer(mailSettingsOf(config)!);
  };
  const sendBy = (server: MailServer) =>
    server.send({
      uid: 'one',
      at: new Date(),
      to: ['ops@ops.example'],
      recipients: ['ops@ops.example'],
      subject: 'hello',
      body: 'text',
    });
  const taken = { recipients: [{ address: 'ops@ops.example', state: 'taken', answer: expect.stringMatching(/^250/) }] };

  it('is spoken to by STARTTLS, and told who the site is only then', async () => {
    trust();
    const receiver = keep(await MailReceiver.openWithTls('muster', 'p@ss word'));
    expect(await sendBy(serverAt(`smtp://muster:p%40ss%20word@127.0.0.1:${receiver.port}`))).toEqual(taken);
    expect(receiver.taken).toMatchObject([{ encrypted: true, user: 'muster', subject: 'hello' }]);
    const settings = { MUSTER_MAIL_USER: 'muster', MUSTER_MAIL_PASSWORD: 'p@ss word' };
    expect(await sendBy(serverAt(`smtp://localhost:${receiver.port}`, settings))).toEqual(taken);
  });

  it('is spoken to by TLS from the first byte where its address says so', async () => {
    trust();
    const receiver = keep(await MailReceiver.openWithTls('muster', 'pass', { secure: true }));
    expect(await sendBy(serverAt(`smtps://muster:pass@127.0.0.1:${receiver.port}`))).toEqual(taken);
    expect(receiver.taken).toMatchObject([{ encrypted: true, user: 'muster' }]);
  });

  it('is told nothing when it has no TLS, unless that is agreed to', async () => {
    const receiver = keep(await MailReceiver.open());
    expect(await sendBy(serverAt(`smtp://127.0.0.1:${receiver.port}`))).toEqual({
      error: expect.stringMatching(/STARTTLS/),
    });
    expect(receiver.taken).toEqual([]);
    expect(await sendBy(serverAt(`smtp://127.0.0.1:${receiver.port}`, { MUSTER_MAIL_TLS: 'off' }))).toEqual(taken);
    expect(receiver.taken).toMatchObject([{ encrypted: false }]);
  });

  it('is told nothing when nobody vouches for its certificate', async () => {
    const receiver = keep(await MailReceiver.openWithTls('muster', 'pass'));
    expect(await sendBy(serverAt(`smtp://muster:pass@127.0.0.1:${receiver.port}`))).toEqual({
      error: expect.stringMatching(/self-signed certificate/),
    });
    expect(receiver.taken).toEqual([]);
  });

  it('refuses a wrong password, which no answer repeats', async () => {
    trust();
    const receiver = keep(await MailReceiver.openWithTls('muster', 'right'));
    const answer = await sendBy(serverAt(`smtp://muster:wrong-one@127.0.0.1:${receiver.port}`));
    expect(answer).toEqual({ error: expect.stringMatching(/AUTH \w+ with "535/) });
    expect(JSON.stringify(answer)).not.toContain('wrong-one');
  });

  it('is away: that is an answer too', async () => {
    const receiver = await MailReceiver.open();
    await receiver.goAway();
    expect(await sendBy(serverAt(`smtp://127.0.0.1:${receiver.port}`))).toEqual({
      error: expect.stringContaining('ECONNREFUSED'),
    });
  });
});
