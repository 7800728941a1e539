import { existsSync } from 'node:fs';
import { ServerProcesses } from './server-processes.js';

describe('the processes of a tested server', () => {
  let servers: ServerProcesses;

  beforeEach(async () => {
    servers = await ServerProcesses.inNewFolder('spec');
  });
  afterEach(() => servers.stop());

  it('that end instead of starting are a failure with what they said last', async () => {
    servers.start('good', 'sleep', ['60']);
    servers.start('bad', 'sh', ['-c', 'echo the disk is on fire >&2; exit 3']);
    const starting = servers.untilReady('the server', () => Promise.resolve(false));
    await expect(starting).rejects.toThrow(/the server did not start: bad ended with 3\n[^]*the disk is on fire/);
  });

  it('that never become ready are a failure, too', async () => {
    servers.start('slow', 'sleep', ['60']);
    await expect(servers.untilReady('the server', () => Promise.reject(new Error('not yet')), 0.2)).rejects.toThrow(
      /the server did not start: still not so/,
    );
  });

  it('have all ended, and their folder is gone, when they are stopped', async () => {
    servers.start('one', 'sh', ['-c', 'echo $$ > one.pid; exec sleep 60']);
    await servers.untilReady('one', () => Promise.resolve(existsSync(`${servers.folder}/one.pid`)));
    const pid = Number(await servers.run('cat', ['one.pid']));
    expect(() => process.kill(pid, 0)).not.toThrow();
    await servers.stop();
    expect(() => process.kill(pid, 0)).toThrow('ESRCH');
    expect(existsSync(servers.folder)).toBe(false);
  });

  it('say what a program said that failed', async () => {
    await expect(servers.run('sh', ['-c', 'echo no such ring >&2; exit 1'])).rejects.toThrow(
      /sh .* failed: no such ring/,
    );
  });

  it('are not begun where a program is missing, and the cure is said', () => {
    expect(() => servers.start('none', 'no-such-server', [])).toThrow('no-such-server is missing: run "npm test" once');
  });
});
