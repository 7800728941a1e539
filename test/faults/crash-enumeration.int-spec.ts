import { spawnSync } from 'node:child_process';
import { join } from 'node:path';

const dist = join(import.meta.dirname, '../../dist');

function enumerate(...argv: string[]): { status: number | null; lines: string[] } {
  // A process of its own: it watches its whole file system.
  const { status, stdout, stderr } = spawnSync(
    process.execPath,
    [join(dist, 'test/faults/crash-enumeration.js'), ...argv],
    { encoding: 'utf8' },
  );
  return { status, lines: `${stderr}${stdout}`.trim().split('\n') };
}

/** All of them: npm run faults:crash. */
describe('a run whose computer dies', () => {
  it('at any moment and in any way goes on exactly where it was', () => {
    const { status, lines } = enumerate('--points', '300');
    // With a failure the output says which, and how to repeat it.
    expect([status, status === 0 ? [] : lines]).toEqual([0, []]);
    const summary = JSON.parse(lines.at(-1) ?? '') as {
      points: number;
      moments: number;
      sorts: Record<string, number>;
    };
    expect(summary.points).toBeGreaterThanOrEqual(300);
    expect(summary.moments).toBeGreaterThan(150);
    expect(Object.values(summary.sorts).every((count) => count > 50)).toBe(true);
  });

  it('can be made to die again in a given way', () => {
    expect(enumerate('--only', '40/torn:20 12/killed').lines).toEqual(['40/torn:20 12/killed: as it must be']);
    expect(enumerate('--only', 'somewhere')).toMatchObject({ status: 2 });
  });
});
