import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync, truncateSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { until } from '@muster/testing/until.js';
import { runCli } from '../../apps/cli/src/program.js';
import { captureTerminal } from '../../apps/cli/test/capture-terminal.js';
import { ContentUnderTest, Gate } from '../../apps/content/test/content-under-test.js';

const MIB = 1024 * 1024;
const MUSTER = join(import.meta.dirname, '../../dist/apps/cli/src/main.js');

describe('how far content is', () => {
  let content: ContentUnderTest;
  /** Before the site itself: counts what it answers. */
  let door: Gate;
  let folder: string;
  const environment = () => ({
    MUSTER_SERVER: door.endpoint,
    MUSTER_TOKEN: content.token,
    MUSTER_CONFIG: '/nonexistent',
  });

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    door = new Gate(Number(new URL(content.url).port));
    await door.open();
    await content.applyOwnPoint('slow', { transfers: { bytesPerSecond: 400_000 } });
    folder = mkdtempSync(join(tmpdir(), 'muster-progress-'));
  });

  afterAll(async () => {
    await door?.shut();
    await content?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it('is rewritten in one line of a terminal while something is uploaded, and the result stays', async () => {
    await content.apply('Package', 'packages', 'shown', {});
    const image = join(folder, 'image');
    writeFileSync(image, randomBytes(160 * MIB));
    // Holes are read, and not sent.
    truncateSync(image, 400 * MIB);
    // A terminal of its own, as a person has it: what the command writes to it comes out here.
    const command = `'${process.execPath}' '${MUSTER}' content upload shown '${image}'`;
    const { stdout } = await promisify(execFile)('script', ['-qefc', command, '/dev/null'], {
      env: { PATH: process.env['PATH'], ...environment() },
      maxBuffer: 64 * MIB,
    });
    const shown = stdout
      .split(/[\r\n]+/)
      .map((line) => line.trim())
      .filter((line) => line !== '');
    const percents = (phase: string) =>
      shown.flatMap((line) => {
        const [, percent] =
          new RegExp(`^${phase} shown: [\\d.]+ [KM]?i?B of [\\d.]+ MiB \\((\\d+) %\\)$`).exec(line) ?? [];
        return percent === undefined ? [] : [Number(percent)];
      });
    for (const phase of ['reading', 'sending']) {
      expect(percents(phase).length).toBeGreaterThan(0);
      expect(percents(phase)).toEqual(percents(phase).toSorted((a, b) => a - b));
    }
    expect(shown.at(-2)).toBe('proving shown: the library reads what is new');
    expect(shown.at(-1)).toMatch(/^package\/shown version 1: 1 files, 400\.0 MiB; sent 1 files, 16\d\.\d MiB$/);
    // Each line takes the place of the one before, which is blanked out.
    expect(stdout).toMatch(/\r +\r(reading|sending) shown/);
  });

  it('is shown at each point by "content status --watch": a line for each change, and none when nothing changes', async () => {
    const files = Object.fromEntries(Array.from({ length: 20 }, (_, index) => [`file-${index}`, randomBytes(100_000)]));
    await content.upload('watched', files);
    await content.apply('Distribution', 'distributions', 'watched', { package: 'watched', points: ['slow'] });
    const terminal = captureTerminal(environment());
    const exitCode = runCli(['content', 'status', 'watched', '--watch'], terminal);
    const rows = () =>
      terminal
        .stdout()
        .split('\n')
        .map((line) => line.split(/ {3,}/));
    const isUnderWay = ([, , , state, done]: string[]) =>
      state === 'transferring' && /^[\d.]+ [KM]iB of 1\.9 MiB$/.test(done ?? '');
    await until(() => rows().some(isUnderWay));
    await content.untilProgress('watched', ({ state }) => state === 'available');
    await until(() => rows().some(([, , , state]) => state === 'available'));
    const before = rows().length;
    // It goes on asking about what does not change any more.
    let [answers, returned] = [0, door.returnedBytes];
    await until(() => {
      if (door.returnedBytes > returned) answers += 1;
      returned = door.returnedBytes;
      return answers >= 6;
    });
    expect(rows()).toHaveLength(before);
    terminal.interrupt();
    expect(await exitCode).toBe(130);
    expect(terminal.stderr()).toBe('');
    expect(rows()[0]?.slice(0, 5)).toEqual(['DISTRIBUTION', 'POINT', 'VERSION', 'STATE', 'DONE']);
    expect(rows().at(-1)?.slice(0, 6)).toEqual(['watched', 'slow', '1', 'available', '1.9 MiB', '1.9 MiB']);
    expect(new Set(terminal.stdout().split('\n')).size).toBe(before);
  });
});
