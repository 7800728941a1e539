import { execFileSync } from 'node:child_process';
import { findTimeZone } from './time-zone.js';

const links: Readonly<Record<string, string>> = {
  '/etc/localtime': '/usr/share/zoneinfo/Australia/Lord_Howe',
  '/usr/share/zoneinfo/Asia/Calcutta': '/usr/share/zoneinfo/Asia/Kolkata',
};
const linkOf = (path: string): string => {
  const found = links[path] ?? (path.startsWith('/usr/share/zoneinfo/') ? path : undefined);
  if (found === undefined) throw new Error('ENOENT');
  return found;
};

describe('the time zone of a computer', () => {
  it.each<[string | undefined, string | undefined, string | undefined]>([
    ['Europe/Berlin', undefined, 'Europe/Berlin'],
    ['+05:00', 'GMT+5', '+05:00'],
    ['Asia/Calcutta', 'Asia/Kolkata', 'Asia/Kolkata'],
    ['Asia/Kolkata', '/usr/share/zoneinfo/Asia/Kolkata', 'Asia/Kolkata'],
    ['Asia/Calcutta', undefined, 'Asia/Calcutta'],
    ['Asia/Calcutta', 'Foo/Bar', 'Asia/Calcutta'],
    [undefined, ':/etc/localtime', 'Australia/Lord_Howe'],
    [undefined, '/etc/localtime', 'Australia/Lord_Howe'],
    [undefined, ':/usr/share/zoneinfo/Asia/Calcutta', 'Asia/Kolkata'],
    [undefined, '/usr/share/zoneinfo/America/St_Johns', 'America/St_Johns'],
    [undefined, ':America/St_Johns', 'America/St_Johns'],
    [undefined, '/usr/share/zoneinfo/posix/America/St_Johns', 'America/St_Johns'],
    [undefined, '/etc/nothing', undefined],
    [undefined, 'Foo/Bar', undefined],
    ['Etc/Unknown', '', 'UTC'],
    ['Etc/Unknown', undefined, 'Australia/Lord_Howe'],
    [undefined, 'UTC0', 'UTC'],
  ])('that the runtime calls %j with TZ %j is %j', (told, tz, zone) => {
    expect(findTimeZone({ told, tz, linkOf })).toBe(zone);
  });

  it('is one by which times can be told, whatever TZ says', () => {
    // What makes Node tell no zone at all, or one that it does not know itself.
    for (const TZ of [':/etc/localtime', '', 'Foo/Bar', '/usr/share/zoneinfo/Europe/Berlin']) {
      const told = execFileSync(
        process.execPath,
        ['-p', 'String(new Intl.DateTimeFormat().resolvedOptions().timeZone)'],
        { env: { TZ }, encoding: 'utf8' },
      ).trim();
      const zone = findTimeZone({ told: told === 'undefined' ? undefined : told, tz: TZ, linkOf }) ?? 'UTC';
      expect(() => new Intl.DateTimeFormat('en', { timeZone: zone })).not.toThrow();
    }
  });
});
