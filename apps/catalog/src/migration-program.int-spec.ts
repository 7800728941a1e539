import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { builtApp } from '@muster/localsite/repository.js';
import { startServers, type TestServers } from '@muster/testing/servers.js';
import { until } from '@muster/testing/until.js';

const main = builtApp('catalog');
const migrate = main.replace(/main\.js$/, 'migrate.js');

describe('the migration program, and a service that does not migrate by itself', () => {
  let servers: TestServers;
  let environment: NodeJS.ProcessEnv;
  let service: ChildProcess | undefined;
  let log = '';
  const run = async (settings: NodeJS.ProcessEnv): Promise<{ code: number | null; output: string }> => {
    const child = spawn(process.execPath, [migrate], {
      env: { PATH: process.env['PATH'], ...settings },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let output = '';
    for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk) => (output += String(chunk)));
    const [code] = (await once(child, 'close')) as [number | null];
    return { code, output };
  };
  const isReady = () =>
    fetch(`http://127.0.0.1:${environment['MUSTER_HTTP_PORT']}/readyz`).then(
      ({ ok }) => ok,
      () => false,
    );

  beforeAll(async () => {
    servers = await startServers();
    environment = { ...servers.environment('catalog'), MUSTER_MIGRATE: 'false' };
  });

  afterAll(async () => {
    service?.kill('SIGKILL');
    await servers?.stop();
  });

  it('wait for each other: the service listens once the schema has what it knows', async () => {
    service = spawn(process.execPath, [main], {
      env: { PATH: process.env['PATH'], ...environment },
      stdio: ['ignore', 'pipe', 'inherit'],
    });
    service.stdout?.on('data', (chunk) => (log += String(chunk)));
    await until(() => log.includes('service.schema-behind'));
    expect(log).toContain('0001_messaging-and-identity');
    expect(await isReady()).toBe(false);

    // Three replicas of the Job at once, with nothing but the database's address.
    const database = { MUSTER_DATABASE_URL: environment['MUSTER_DATABASE_URL'] };
    const ends = await Promise.all([run(database), run(database), run(database)]);
    expect(ends.map(({ code }) => code)).toEqual([0, 0, 0]);
    await until(isReady);
    expect((await run(database)).output).toContain('the schema is up to date');
  });

  it('says what is wrong, and repeats no password', async () => {
    expect(await run({})).toEqual({ code: 2, output: expect.stringContaining('MUSTER_DATABASE_URL: is missing') });
    const nobody = await run({ MUSTER_DATABASE_URL: 'postgres://catalog:hush@127.0.0.1:1/muster' });
    expect(nobody).toEqual({ code: 1, output: expect.stringContaining('service.cannot-migrate') });
    expect(nobody.output).not.toContain('hush');
  });
});
