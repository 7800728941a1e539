import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { AgentError } from '../identity/agent-error.js';
import { describeContact, readContact, SiteContact } from './site-contact.js';

describe('the contact with the site', () => {
  let folder: string;
  let path: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-contact-'));
    path = join(folder, 'contact.json');
  });
  afterEach(() => rmSync(folder, { recursive: true }));
  const now = Date.parse('2026-11-26T12:00:00Z');
  const says = () => describeContact(readContact(path));
  const skew = new AgentError('session.clock-skew', 'set the\u001b clock');

  it('says since when no policy comes, and why, until it comes again', () => {
    expect(says()).toBe('never answered');
    const contact = new SiteContact(path);
    contact.answered(now);
    contact.failed(skew, now + 1000);
    contact.failed(skew, now + 2000);
    expect(says()).toBe(
      'no policy since 2026-11-26T12:00:01.000Z, session.clock-skew: set the  clock; last answered at 2026-11-26T12:00:00.000Z',
    );
    contact.failed(new AgentError('server.unreachable', 'away'), now + 3000);
    expect(says()).toMatch(/^no policy since 2026-11-26T12:00:01.000Z, server.unreachable: away/);
    // Another start of the agent knows it.
    new SiteContact(path).answered(now + 4000);
    expect(says()).toBe('last answered at 2026-11-26T12:00:04.000Z');
  });

  it('is noted once a minute, also when the clock was set back', () => {
    const contact = new SiteContact(path);
    for (const seconds of [0, 59]) contact.answered(now + seconds * 1000);
    expect(says()).toBe('last answered at 2026-11-26T12:00:00.000Z');
    contact.answered(now - 3_600_000);
    expect(says()).toBe('last answered at 2026-11-26T11:00:00.000Z');
  });

  it('of a file that says nonsense is none, and one that cannot be noted disturbs nobody', () => {
    writeFileSync(path, '{"answeredAt": 7}');
    expect(says()).toBe('never answered');
    new SiteContact(join(folder, 'missing', 'contact.json')).answered(now);
  });
});
