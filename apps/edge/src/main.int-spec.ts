import { spawnSync } from 'node:child_process';
import { type AddressInfo, createServer } from 'node:net';
import { join } from 'node:path';

const main = join(import.meta.dirname, '..', '..', '..', 'dist', 'apps', 'edge', 'src', 'main.js');

function start(environment: Record<string, string>): { status: number | null; line: unknown } {
  const { status, stderr } = spawnSync(process.execPath, [main], {
    env: { PATH: process.env['PATH'], ...environment },
    encoding: 'utf8',
    timeout: 100_000,
  });
  return { status, line: JSON.parse(stderr) as unknown };
}

describe('the process of the edge proxy', () => {
  it('ends with 2 like every service when a setting is wrong, and names it in one line', () => {
    expect(start({ MUSTER_EDGE_ROUTES: 'nonsense' })).toEqual({
      status: 2,
      line: expect.objectContaining({ code: 'config.invalid', msg: expect.stringContaining('MUSTER_EDGE_ROUTES') }),
    });
  });

  it('ends with 1 when its port is taken', async () => {
    const squatter = createServer();
    await new Promise<void>((resolve) => squatter.listen(0, '127.0.0.1', resolve));
    const { port } = squatter.address() as AddressInfo;
    try {
      expect(start({ MUSTER_EDGE_ROUTES: '{}', MUSTER_EDGE_PORT: String(port), MUSTER_LOG_LEVEL: 'error' })).toEqual({
        status: 1,
        line: expect.objectContaining({ code: 'edge.start-failed', msg: expect.stringContaining(String(port)) }),
      });
    } finally {
      squatter.close();
    }
  });
});
