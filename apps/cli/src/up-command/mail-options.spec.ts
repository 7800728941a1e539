import { resolve } from 'node:path';
import { mailEnvironment } from '@muster/localsite/mail.js';
import { mailOf } from './mail-options.js';

describe('the mail server of a site on one machine', () => {
  it('is none unless it is said', () => {
    expect(mailEnvironment(mailOf({}))).toEqual({});
  });

  it('is handed on with the path of its password, not with the password', () => {
    const mail = mailOf({
      mailServer: 'smtp://muster@mail.example',
      mailFrom: 'muster@site.example',
      mailPasswordFile: 'secrets/mail',
      mailTls: 'required',
    });
    expect(mailEnvironment(mail)).toEqual({
      MUSTER_MAIL_SERVER: 'smtp://muster@mail.example',
      MUSTER_MAIL_FROM: 'muster@site.example',
      MUSTER_MAIL_PASSWORD_FILE: resolve('secrets/mail'),
      MUSTER_MAIL_TLS: 'required',
    });
  });

  it('is refused with a password on the command line, which is not repeated', () => {
    const wrong = () => mailOf({ mailServer: 'smtp://muster:hush@mail.example', mailFrom: 'muster@site.example' });
    expect(wrong).toThrow(expect.objectContaining({ code: 'cli.usage', message: expect.not.stringContaining('hush') }));
  });

  it.each([{ mailFrom: 'a@b.example' }, { mailTls: 'off' }, { mailServer: 'smtp://mail.example' }])(
    'is refused when half of it is said: %j',
    (options) => {
      expect(() => mailOf(options)).toThrow(expect.objectContaining({ code: 'cli.usage' }));
    },
  );
});
