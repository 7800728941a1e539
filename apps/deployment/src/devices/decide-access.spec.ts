import type { DeviceStatus } from '@muster/contracts/kinds/device.js';
import { decideAccess } from './decide-access.js';

const at = '2026-11-26T12:00:00.000Z';
const who = { by: 'anna', at };
const device = (access?: DeviceStatus['access']): DeviceStatus => ({ enrolled: true, access });
const pending = device({ state: 'pending', since: at, by: 'system' });

describe('access of a device', () => {
  it('is given by approving, and remembers who did it', () => {
    expect(decideAccess('web-1', pending, 'approve', who)).toEqual({ state: 'approved', since: at, by: 'anna' });
  });

  it('is taken by blocking, with the reason, and given back as it was', () => {
    const blocked = decideAccess('web-1', pending, 'block', { ...who, reason: 'stolen' });
    expect(blocked).toEqual({ state: 'blocked', since: at, by: 'anna', reason: 'stolen', before: 'pending' });
    expect(decideAccess('web-1', device(blocked), 'unblock', who)?.state).toBe('pending');
    const old = decideAccess('web-1', device(), 'block', who);
    expect(decideAccess('web-1', device(old), 'unblock', who)?.state).toBe('approved');
  });

  it('of an unknown computer is that of a device by approving, and unknown again when a block is taken back', () => {
    const unknown = device({ state: 'unknown', since: at, by: 'system', becomes: 'pending' });
    expect(decideAccess('web-1', unknown, 'approve', who)).toEqual({ state: 'approved', since: at, by: 'anna' });
    const blocked = decideAccess('web-1', unknown, 'block', who);
    expect(decideAccess('web-1', device(blocked), 'unblock', who)).toMatchObject({
      state: 'unknown',
      becomes: 'pending',
    });
  });

  it('does not change when it is so already', () => {
    const blocked = device(decideAccess('web-1', device(), 'block', who));
    expect(decideAccess('web-1', blocked, 'block', who)).toBeUndefined();
    expect(decideAccess('web-1', device(), 'approve', who)).toBeUndefined();
    expect(decideAccess('web-1', device(), 'unblock', who)).toBeUndefined();
  });

  it('is not given to a blocked device by approving it', () => {
    const blocked = device(decideAccess('web-1', pending, 'block', who));
    expect(() => decideAccess('web-1', blocked, 'approve', who)).toThrow(
      expect.objectContaining({ code: 'deployment.device-blocked' }),
    );
  });

  it('is nothing that a record without a computer has', () => {
    expect(() => decideAccess('web-1', { enrolled: false }, 'block', who)).toThrow(
      expect.objectContaining({ code: 'deployment.device-not-enrolled' }),
    );
  });
});
