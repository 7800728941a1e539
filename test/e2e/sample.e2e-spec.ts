import { run, REPOSITORY, SiteUnderTest } from './site-under-test.js';
import { join } from 'node:path';

const CLI = join(REPOSITORY, 'apps', 'cli', 'muster.js');

describe('what `npm start -- --exit` runs', () => {
  let site: SiteUnderTest;
  const sample = () =>
    run(CLI, ['up', '--sample', '--exit', '--data', site.data, '--port', String(site.port)], site.environment);

  beforeAll(async () => {
    site = await SiteUnderTest.create();
  });

  afterAll(async () => {
    await site?.remove();
  });

  it('starts a site, runs the sample, shows every step and ends with 0', async () => {
    const { code, stdout } = await sample();
    expect([code, stdout]).toEqual([0, expect.stringContaining('The sample succeeded.')]);
    expect(stdout).toContain('admin token');
    for (const line of [
      '✓ Install/Install hello',
      '✗ Look for a mirror/Find the mirror',
      'skipped: condition-false',
      '✓ Greet',
    ]) {
      expect(stdout).toContain(line);
    }
  });

  it('run again resumes the same site, shows no token and runs the sample anew', async () => {
    const { code, stdout } = await sample();
    expect([code, stdout]).toEqual([0, expect.stringContaining('the same site as before')]);
    expect(stdout).not.toContain('admin token');
    expect(stdout).toContain('The sample succeeded.');
  });

  it('needs no site for `muster run` of the same file', async () => {
    const file = join(REPOSITORY, 'examples', 'hello-site', 'hello-site.yaml');
    const content = join(REPOSITORY, 'examples', 'hello-site', 'packages');
    const { code, stdout } = await run(
      CLI,
      ['run', file, '--content', content, '--state', join(site.folder, 'alone'), '-o', 'json'],
      site.environment,
    );
    const events = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as { event: string; outcome?: string; result?: string });
    expect(code).toBe(0);
    expect(events.at(-1)).toMatchObject({ event: 'run-finished', result: 'succeeded' });
    expect(
      events
        .filter(({ event }) => event === 'step-finished')
        .map(({ outcome }) => outcome)
        .toSorted(),
    ).toEqual(['failed', 'skipped', 'skipped', ...Array.from({ length: 11 }, () => 'succeeded')]);
  });
});
