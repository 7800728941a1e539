import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { userSessions } from '../facts/user-sessions.js';
import { afterLook, type LogOnTimes } from './log-ons.js';

const at = { bootId: 'b1', now: 5000 };
const nobody: LogOnTimes = { bootId: 'b1', open: [] };

describe('who logs on and off', () => {
  it('is known by the newest session and by those that are gone', () => {
    const on = afterLook(nobody, [{ id: '1', since: 1000 }], at);
    expect(on).toMatchObject({ open: ['1'], loggedOnAt: 1000 });
    expect(on.loggedOffAt).toBeUndefined();
    const second = afterLook(
      on,
      [
        { id: '1', since: 1000 },
        { id: '2', since: 3000 },
      ],
      at,
    );
    expect(second).toMatchObject({ open: ['1', '2'], loggedOnAt: 3000 });
    expect(afterLook(second, [{ id: '1', since: 1000 }], at)).toMatchObject({ loggedOnAt: 3000, loggedOffAt: 5000 });
  });

  it('is nobody who goes off because the computer was started anew', () => {
    const before = { ...nobody, open: ['1'], loggedOnAt: 1000 };
    expect(afterLook(before, [{ id: '1', since: 4000 }], { ...at, bootId: 'b2' })).toEqual({
      bootId: 'b2',
      open: ['1'],
      loggedOnAt: 4000,
      loggedOffAt: undefined,
    });
  });

  it('is not known without systemd-logind', () => {
    expect(afterLook(nobody, undefined, at)).toMatchObject({ unknown: true });
    expect(userSessions('/nowhere/sessions')).toBeUndefined();
  });

  it('is read from the files of systemd-logind: people, and no services, greeters or sessions that end', () => {
    const folder = mkdtempSync(join(tmpdir(), 'muster-sessions-'));
    const session = (id: string, cls: string, state = 'active'): void =>
      writeFileSync(
        join(folder, id),
        `# This is private data. Do not parse.\nUID=1000\nUSER=ann\nACTIVE=1\nSTATE=${state}\nCLASS=${cls}\nREALTIME=1764158400123456\n`,
      );
    try {
      session('3', 'user');
      session('4', 'manager');
      session('c1', 'greeter');
      session('5', 'user', 'closing');
      writeFileSync(join(folder, '3.ref'), '');
      writeFileSync(join(folder, '6'), 'CLASS=user\n');
      expect(userSessions(folder)).toEqual([{ id: '3', user: 'ann', since: 1764158400123 }]);
    } finally {
      rmSync(folder, { recursive: true });
    }
  });
});
