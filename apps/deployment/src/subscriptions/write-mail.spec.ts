import type { ToldNotice } from './notice.repository.js';
import { writeMail } from './write-mail.js';

const of = { site: 'CEN', subscription: 'ops' };
const notice = (more: Partial<ToldNotice> = {}): ToldNotice => ({
  site: 'CEN',
  alert: 'web-failed',
  rule: 'deployment-failed',
  severity: 'error',
  deployment: 'web',
  crossing: 'raised',
  message: 'deployment "web" failed on 3 of 9 devices (33.3 %): more than 5 %',
  happenedAt: '2026-11-28T02:00:00Z',
  times: 1,
  ...more,
});

describe('a mail about alerts', () => {
  it('says of one what is wrong, and how to look', () => {
    expect(writeMail([notice()], of)).toEqual({
      subject: '[Muster CEN] raised: deployment "web" failed on 3 of 9 devices (33.3 %): more than 5 %',
      body: [
        'RAISED  error  web-failed',
        '  deployment "web" failed on 3 of 9 devices (33.3 %): more than 5 %',
        '  at 2026-11-28T02:00:00Z',
        '  look: muster --site CEN alert describe web-failed',
        '  say that you do: muster --site CEN alert acknowledge web-failed',
        '',
        '-- ',
        'Sent by site CEN for its alert subscription ops. Change or end it:',
        '  muster --site CEN get alert-subscription ops -o yaml',
        '',
      ].join('\n'),
    });
  });

  it('says whose an alert of a site below is, and where it is acknowledged', () => {
    const { subject, body } = writeMail([notice({ site: 'PR1' })], of);
    expect(subject).toMatch(/^\[Muster CEN, of PR1\] raised:/);
    expect(body).toContain('RAISED  error  web-failed of site PR1\n');
    expect(body).toContain('muster --site CEN alert describe web-failed --of PR1\n');
    expect(body).toContain('muster --site PR1 alert acknowledge web-failed\n');
  });

  it('tells errors first, then warnings, then what is over', () => {
    const { subject, body } = writeMail(
      [
        notice({ alert: 'over', crossing: 'resolved', times: 3 }),
        notice({ alert: 'warns', severity: 'warning' }),
        notice({ alert: 'errs' }),
      ],
      of,
    );
    expect(subject).toBe('[Muster CEN] 2 alerts raised, 1 resolved');
    expect([...body.matchAll(/^(?:RAISED|RESOLVED) {2}\w+ {2}(\w+)/gm)].map(([, alert]) => alert)).toEqual([
      'errs',
      'warns',
      'over',
    ]);
    expect(body).toContain('it was raised or resolved 3 times, this is the last');
  });

  it('tells fifty, and counts the others', () => {
    const many = Array.from({ length: 1_000 }, (_, index) => notice({ alert: `a-${index}` }));
    const { subject, body } = writeMail(many, of);
    expect(subject).toBe('[Muster CEN] 1000 alerts raised');
    expect(body.match(/^RAISED/gm)).toHaveLength(50);
    expect(body).toContain('… and 950 more: 950 alerts raised. See them all:\n  muster --site CEN alert list');
    expect(body.length).toBeLessThan(20_000);
  });

  it('keeps what others wrote on its line', () => {
    const message = `gone\r\nBcc: x@y.example\u2028RAISED ${'x'.repeat(2_000)}`;
    const { subject, body } = writeMail([notice({ message })], { ...of, title: 'a\nb' });
    expect(subject).toMatch(/^\[Muster CEN\] raised: gone Bcc: x@y\.example RAISED x+…$/);
    expect(subject).toHaveLength(201);
    expect(body).toContain('  gone Bcc: x@y.example RAISED x');
    expect(body).toContain('ops (a b)');
  });
});
