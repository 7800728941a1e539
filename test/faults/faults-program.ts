import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

const repository = join(import.meta.dirname, '../..');

/** The agent and the fault tools, built from the sources under test: what dies is never yesterday's agent. */
export class FaultsProgram {
  private readonly dist = mkdtempSync(join(tmpdir(), 'muster-faults-'));

  build(): void {
    const sources = ['apps/agent', 'libs/sequence', 'libs/schedule', 'libs/contracts', 'test/faults'];
    const swc = join(repository, 'node_modules/.bin/swc');
    execFileSync(swc, [...sources, '-d', this.dist, '--config-file', 'swc.build.json', '--quiet'], { cwd: repository });
    symlinkSync(join(repository, 'node_modules'), join(this.dist, 'node_modules'));
    copyFileSync(join(repository, 'package.json'), join(this.dist, 'package.json'));
  }

  /** Path of a built file by that of its source, e.g. `test/faults/crash-enumeration.js`. */
  path(file: string): string {
    return join(this.dist, file);
  }

  remove(): void {
    rmSync(this.dist, { recursive: true, force: true });
  }
}
