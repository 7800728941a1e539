import { settingsLike } from './like-deployment.js';

describe('a deployment like another one', () => {
  it('has its settings, and nothing that was decided for that one alone', () => {
    const kept = {
      purpose: 'Required',
      rerun: 'IfFailed',
      usersMayStart: true,
      restartOutsideWindows: true,
      onMetered: true,
      warnMinutes: 30,
      content: 'BeforeStart',
      rollout: { groups: [{ devices: 5 }] },
      alerts: { failedAbovePercent: 5 },
    } as const;
    const own = {
      sequence: 'harden-debian',
      collection: 'pilot',
      revision: 'sha256:00',
      availableAt: '2026-12-01T20:00',
      expiresAt: '2027-01-01T00:00',
      triggers: [{ event: 'Startup' }],
      outsideWindows: true,
      fetchAhead: true,
      hold: 'Starts',
      agreedDevices: 20,
      agreedServers: 2,
      agreedSiteServers: ['muster-1'],
      comment: 'agreed with the shops',
    } as const;
    expect(settingsLike({ ...kept, ...own } as never)).toEqual(kept);
  });
});
