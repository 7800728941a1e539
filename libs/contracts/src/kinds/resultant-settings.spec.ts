import * as fc from 'fast-check';
import { clientSettingsSpecSchema } from './client-settings.js';
import { resultantSettings, SETTING_NAMES, type SettingsOfDevice, valuesInForce } from './resultant-settings.js';

const byDefault: SettingsOfDevice = { name: 'default', settings: { policyPollMinutes: 60, usersMayStart: true } };
const kiosks: SettingsOfDevice = { name: 'kiosks', priority: 10, settings: { usersMayStart: false } };
const pilot: SettingsOfDevice = { name: 'pilot', priority: 20, settings: { usersMayStart: true, cacheMegabytes: 100 } };

describe('the settings of a device', () => {
  it('are the strongest that somebody says, each by itself, and tell what lost', () => {
    const found = resultantSettings([byDefault, pilot, kiosks]);
    expect(found.find(({ name }) => name === 'usersMayStart')).toEqual({
      name: 'usersMayStart',
      winner: { value: false, from: 'kiosks', priority: 10 },
      losers: [
        { value: true, from: 'pilot', priority: 20 },
        { value: true, from: 'default' },
      ],
    });
    expect(found.find(({ name }) => name === 'policyPollMinutes')?.winner).toEqual({ value: 60, from: 'default' });
    expect(found.find(({ name }) => name === 'warnMinutes')).toEqual({ name: 'warnMinutes', losers: [] });
    expect(valuesInForce([byDefault, pilot, kiosks])).toEqual({
      policyPollMinutes: 60,
      usersMayStart: false,
      cacheMegabytes: 100,
    });
  });

  it('of one priority are those of the name that comes first: every site says the same', () => {
    const twin: SettingsOfDevice = { ...kiosks, name: 'a-twin', settings: { usersMayStart: true } };
    expect(valuesInForce([kiosks, twin])).toEqual({ usersMayStart: true });
  });

  it('do not depend on the order in which they are read', () => {
    const settings = fc.uniqueArray(
      fc.record({
        name: fc.constantFrom('a', 'b', 'c', 'd', 'e'),
        priority: fc.integer({ min: 1, max: 3 }),
        settings: fc.record(
          { cacheMegabytes: fc.integer({ min: 1, max: 9 }), onMetered: fc.boolean() },
          { requiredKeys: [] },
        ),
      }),
      { selector: ({ name }) => name },
    );
    fc.assert(
      fc.property(settings, fc.infiniteStream(fc.nat()), (all, keys) => {
        const shuffled = all.map((one) => ({ one, key: keys.next().value })).toSorted((a, b) => a.key - b.key);
        expect(resultantSettings(shuffled.map(({ one }) => one))).toEqual(resultantSettings(all));
      }),
    );
  });

  it('are every field of the specification, and a document without any is refused', () => {
    expect(SETTING_NAMES).toContain('allDeploymentsWindows');
    expect(clientSettingsSpecSchema.safeParse({ settings: {} }).success).toBe(false);
    expect(clientSettingsSpecSchema.safeParse({ settings: { organisationName: 'two\nlines' } }).success).toBe(false);
  });
});
