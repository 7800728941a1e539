import { randomBytes, randomInt } from 'node:crypto';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { readFile, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { ContentFault } from '@muster/contracts/agent/content.js';
import type { Digest } from '@muster/contracts/digest.js';
import type { DistributionActionResult } from '@muster/contracts/kinds/distribution.js';
import { checkCopies } from '@muster/contracts/requests/check-copies.js';
import { locateContent } from '@muster/contracts/requests/locate-content.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database } from '@muster/persistence/database.js';
import { until } from '@muster/testing/until.js';
import { pino } from 'pino';
import { Agent } from 'undici';
import { ContentCache } from '../../apps/agent/src/content/content-cache.js';
import { ContentUnderTest, digestOf } from '../../apps/content/test/content-under-test.js';
import { storedFiles } from '../../apps/content/test/stored-files.js';

/** An even number. `npm run faults:bit-flips` has a thousand. */
const FLIPS = Number(process.env['MUSTER_BIT_FLIPS'] ?? 60);
const MINUTE = 60_000;

describe('random bit flips in what stores hold', () => {
  let content: ContentUnderTest;
  let folder: string;

  beforeAll(async () => {
    content = await ContentUnderTest.start();
    await content.applyOwnPoint('east');
    await content.applyOwnPoint('west');
    folder = mkdtempSync(join(tmpdir(), 'muster-flips-'));
  });
  afterAll(async () => {
    await content?.stop();
    rmSync(folder, { recursive: true, force: true });
  });

  it(`are all caught before use, ${FLIPS} of them, and repaired within a minute of the audit`, async () => {
    const contents = Array.from({ length: FLIPS / 2 }, () => randomBytes(randomInt(1, 64_000)));
    const plan = await content.upload(
      'flipped',
      Object.fromEntries(contents.map((bytes, index) => [`f${index}`, bytes])),
    );
    await content.apply('Distribution', 'distributions', 'flipped', { package: 'flipped', points: ['east', 'west'] });
    await until(async () => (await content.progress('flipped')).every(({ state }) => state === 'available'));
    const flips = await flip(contents);
    expect(flips).toHaveLength(FLIPS);

    const faults: ContentFault[] = [];
    const began = performance.now();
    const used = useAsAgent(plan.manifest, faults);
    const { status, body } = await content.ask<DistributionActionResult>('POST', '/distributions/flipped/validate', {});
    // Every file, and the list of files, at each of two points.
    expect([status, body.copies]).toEqual([202, 2 * (contents.length + 1)]);
    await until(async () => (await repairs()).length >= FLIPS, MINUTE);
    const seconds = (performance.now() - began) / 1000;
    process.stdout.write(`${FLIPS} bit flips caught and repaired in ${seconds.toFixed(1)} s\n`);
    expect(seconds).toBeLessThan(60);

    // Each was found where it was, and nothing else was.
    expect((await repairs()).sort()).toEqual([...flips].sort());
    const after = await storedFiles(content);
    expect(contents.filter((bytes) => after.get(digestOf(bytes))?.length !== 3)).toEqual([]);

    // The agent was at work from the beginning: it has every byte as it should be, and blamed no copy that was right.
    const at = await used;
    expect(readdirSync(at)).toHaveLength(contents.length);
    for (const [index, bytes] of contents.entries())
      expect(readFileSync(join(at, `f${index}`)).equals(bytes)).toBe(true);
    const wrongAtPoints = new Set(flips.filter((flip) => !flip.endsWith('library')).map((flip) => flip.split(' ')[0]));
    expect(faults.filter(({ digest }) => !wrongAtPoints.has(digest))).toEqual([]);
    process.stdout.write(`the agent met ${faults.length} of them\n`);
  });

  /** Changes one bit of two of the three copies of each: which one stays right is left to chance. Answers where. */
  async function flip(contents: readonly Buffer[]): Promise<string[]> {
    const before = await storedFiles(content);
    const [library = ''] = content.storeFolders();
    const flips: string[] = [];
    for (const bytes of contents) {
      const digest = digestOf(bytes);
      const paths = [...before.get(digest)!];
      expect(paths).toHaveLength(3);
      paths.splice(randomInt(3), 1);
      for (const path of paths) {
        const damaged = await readFile(path);
        damaged[randomInt(damaged.length)]! ^= 1 << randomInt(8);
        await writeFile(path, damaged);
        flips.push(`${digest} ${path.startsWith(library) ? 'library' : 'point'}`);
      }
    }
    return flips;
  }

  /** What the audit found wrong and repaired, each time that it did. */
  async function repairs(): Promise<string[]> {
    const rows = await content.app
      .get(Database)
      .query<{ digest: string; place: string }>(
        `select digest, case when point_uid is null then 'library' else 'point' end as place from copy_repair`,
      );
    return rows.map(({ digest, place }) => `${digest} ${place}`);
  }

  /** Fetches a version as an agent does, again until it has it, as a Required deployment would. Answers the folder. */
  async function useAsAgent(manifest: string, told: ContentFault[]): Promise<string> {
    const bus = content.app.get(Bus);
    const dispatcher = new Agent();
    const cache = new ContentCache({
      folder: join(folder, 'cache'),
      dispatcher,
      locator: {
        contentLocations: async (wanted, files) => {
          const found = await bus.request(locateContent, { manifest: wanted, ...(files ? { files: [...files] } : {}) });
          return { ...found, manifest: found.manifest! };
        },
        contentFaults: async (faults) => {
          told.push(...faults);
          await bus.request(checkCopies, { faults: [...faults] });
        },
      },
    });
    let at: string | undefined;
    await until(async () => {
      at = await cache
        .provide(manifest as Digest, pino({ level: 'silent' }), new AbortController().signal)
        .catch(() => undefined);
      return at !== undefined;
    });
    await dispatcher.close();
    return at!;
  }
});
