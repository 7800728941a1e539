import { choosePorts, isPortFree } from './ports.js';

/** So many that two who choose by chance would surely meet. */
const MANY = Array.from({ length: 1_000 }, (_, index) => `process-${index}`);

describe('the ports of the processes of a site', () => {
  it('are others than those of a site that starts at the same time, though nobody listens yet', async () => {
    const both = await Promise.all([choosePorts(MANY, {}, []), choosePorts(MANY, {}, [])]);
    const ports = both.flatMap((chosen) => Object.values(chosen.ports));
    expect(new Set(ports).size).toBe(2 * MANY.length);
  });

  it('are never a public one, of the site or of its sisters, also where they were once', async () => {
    const first = (await choosePorts(['catalog', 'policy'], {}, [])).ports;
    const again = await choosePorts(['catalog', 'policy'], first, [first['catalog'] ?? 0]);
    expect(again.ports['policy']).toBe(first['policy']);
    expect(again.ports['catalog']).not.toBe(first['catalog']);
    expect(await isPortFree(again.ports['catalog'] ?? 0)).toBe(true);
    expect(again.notes).toEqual([
      `port ${first['catalog']} of catalog is a public one; catalog now uses ${again.ports['catalog']}`,
    ]);
  });
});
