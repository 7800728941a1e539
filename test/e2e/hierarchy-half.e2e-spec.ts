import { createServer } from 'node:net';
import { SiteUnderTest } from './site-under-test.js';

/** What a user meets who starts a hierarchy where the port of one site is taken. */
describe('a hierarchy of which one site cannot start at first', () => {
  let machine: SiteUnderTest;

  beforeAll(async () => {
    machine = await SiteUnderTest.create();
  });

  afterAll(() => machine?.remove());

  it('says why and stops all of it, and is up at the next start, with the tokens that were told the first time', async () => {
    const other = createServer();
    await new Promise<void>((resolve) => other.listen(machine.port + 1, '127.0.0.1', resolve));
    const up = ['up', '--hierarchy', '1', '--exit', '--data', machine.data, '--port', String(machine.port)];
    const failed = await machine.muster(...up);
    await new Promise((resolve) => other.close(resolve));
    expect([failed.code, failed.stderr]).toEqual([2, expect.stringContaining('up.port-in-use')]);
    expect(failed.stdout).toContain('admin token of CEN');
    const again = await machine.muster(...up);
    expect([again.code, again.stderr]).toEqual([0, expect.any(String)]);
    expect(again.stdout).toContain('joining PR1 to CEN');
  });
});
