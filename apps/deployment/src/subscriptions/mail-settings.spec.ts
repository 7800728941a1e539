import { loadConfig } from '@muster/platform/config.js';
import { deploymentConfigSchema } from '../config.js';
import { mailSettingsOf } from './mail-settings.js';

const settings = (mail: Record<string, string>) =>
  mailSettingsOf(
    loadConfig(deploymentConfigSchema, {
      MUSTER_SITE: 'S01',
      MUSTER_HTTP_PORT: '0',
      MUSTER_GRPC_PORT: '0',
      MUSTER_DATABASE_URL: 'postgres://nobody@localhost/none',
      MUSTER_NATS_URL: 'nats://localhost',
      MUSTER_WEBHOOK_KEY: 'a'.repeat(43),
      ...mail,
    }),
  );
const from = { MUSTER_MAIL_FROM: 'muster@site.example' };

describe('the settings of the mail server', () => {
  it('are none by default', () => {
    expect(settings({})).toBeUndefined();
  });

  it.each([
    ['smtp://mail.example', { host: 'mail.example', port: 587, secure: false }],
    ['smtp://mail.example:25/', { host: 'mail.example', port: 25, secure: false }],
    ['smtps://mail.example', { host: 'mail.example', port: 465, secure: true }],
    ['smtp://[fd00::1]:2525', { host: 'fd00::1', port: 2525, secure: false }],
  ])('%s', (address, server) => {
    expect(settings({ MUSTER_MAIL_SERVER: address, ...from })).toEqual({
      server,
      from: 'muster@site.example',
      user: undefined,
      password: undefined,
      tls: true,
    });
  });

  it('take the user from the address, and the password from its file before the address', () => {
    const both = { MUSTER_MAIL_SERVER: 'smtp://me%40x:old@mail.example', MUSTER_MAIL_PASSWORD: 'new', ...from };
    expect(settings(both)).toMatchObject({ user: 'me@x', password: 'new' });
  });

  it.each([
    [{ MUSTER_MAIL_SERVER: 'http://hush@mail.example', ...from }, /^MUSTER_MAIL_SERVER: smtp:/],
    [{ MUSTER_MAIL_SERVER: 'smtp://me:hush@mail.example/path', ...from }, /^MUSTER_MAIL_SERVER: nothing is expected/],
    [{ MUSTER_MAIL_SERVER: 'smtp://me:hush%@mail.example', ...from }, /^MUSTER_MAIL_SERVER: /],
    [{ MUSTER_MAIL_SERVER: 'hush', ...from }, /^MUSTER_MAIL_SERVER: smtp:/],
    [{ MUSTER_MAIL_SERVER: 'smtp://mail.example' }, /^MUSTER_MAIL_FROM: /],
    [
      { MUSTER_MAIL_SERVER: 'smtp://mail.example', MUSTER_MAIL_FROM: 'hush <a@b.example>' },
      /^MUSTER_MAIL_FROM: an address/,
    ],
    [{ MUSTER_MAIL_SERVER: 'smtp://me@mail.example', ...from }, /^MUSTER_MAIL_PASSWORD: /],
    [
      { MUSTER_MAIL_SERVER: 'smtp://me:hush@mail.example', MUSTER_MAIL_TLS: 'off', ...from },
      /^MUSTER_MAIL_TLS: off is for/,
    ],
  ])('refuse %j, and do not repeat what may be secret', (mail, message) => {
    const wrong = () => settings(mail as Record<string, string>);
    expect(wrong).toThrow(message);
    expect(wrong).toThrow(expect.objectContaining({ message: expect.not.stringContaining('hush') }));
  });
});
