import { execFile } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { programPath } from '@muster/testing/stores/debian-packages.js';
import type { StoreInTest } from './store-in-test.js';

/** What a widely used client, which none of us wrote, does with a store: a second pair of eyes on the protocol; nothing of Muster needs it. */
export function rcloneCases(inTest: () => StoreInTest): void {
  it('copies a folder there in parts, finds no difference, moves within the store, and removes all', async () => {
    const program = programPath('rclone');
    const folder = await mkdtemp(join(tmpdir(), 'muster-rclone-'));
    try {
      const { endpoint, keys, region } = inTest().server;
      const environment = {
        PATH: process.env['PATH'],
        HOME: folder,
        RCLONE_CONFIG_S_TYPE: 's3',
        RCLONE_CONFIG_S_PROVIDER: 'Other',
        RCLONE_CONFIG_S_ENDPOINT: endpoint,
        RCLONE_CONFIG_S_REGION: region,
        RCLONE_CONFIG_S_ACCESS_KEY_ID: keys.accessKeyId,
        RCLONE_CONFIG_S_SECRET_ACCESS_KEY: keys.secretAccessKey,
        RCLONE_S3_UPLOAD_CUTOFF: '5M',
        RCLONE_S3_CHUNK_SIZE: '5M',
        RCLONE_S3_COPY_CUTOFF: '8M',
      };
      const rclone = async (...args: string[]) =>
        (await promisify(execFile)(program, args, { env: environment, timeout: 100_000 })).stdout;
      const source = join(folder, 'source');
      await mkdir(join(source, 'sub folder'), { recursive: true });
      const big = randomBytes(12_000_000);
      await writeFile(join(source, 'big.bin'), big);
      for (let n = 0; n < 20; n += 1) await writeFile(join(source, 'sub folder', `ü ${n}+%.txt`), `${n}`);
      const remote = `s:${inTest().bucket}/rclone`;
      await rclone('copy', source, remote);
      await rclone('check', source, remote, '--download');
      await rclone('moveto', `${remote}/big.bin`, `${remote}/moved.bin`);
      await rclone('copyto', `${remote}/moved.bin`, join(folder, 'back.bin'));
      expect((await readFile(join(folder, 'back.bin'))).equals(big)).toBe(true);
      expect((await rclone('lsf', '-R', '--files-only', remote)).trim().split('\n')).toHaveLength(21);
      await rclone('delete', remote);
      expect(await rclone('lsf', '-R', '--files-only', remote)).toBe('');
    } finally {
      await rm(folder, { recursive: true, force: true });
    }
  });
}
