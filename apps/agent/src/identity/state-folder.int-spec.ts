import { mkdirSync, mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { replaceFile } from './durable-files.js';
import { lockStateFolder } from './lock-state-folder.js';
import { stateFolder } from './state-folder.js';

let root: string;
beforeEach(() => (root = mkdtempSync(join(tmpdir(), 'muster-state-'))));
afterEach(() => rmSync(root, { recursive: true, force: true }));

describe('a state folder', () => {
  it('has one user at a time, and the next one when the first is gone', () => {
    const folder = stateFolder(root);
    const lock = lockStateFolder(folder);
    expect(() => lockStateFolder(folder)).toThrow(expect.objectContaining({ code: 'agent.in-use' }));
    lock.release();
    lockStateFolder(folder).release();
  });

  it('loses what a killed agent left half written, and nothing else', () => {
    const folder = stateFolder(root);
    mkdirSync(folder.reports);
    replaceFile(join(folder.reports, 'run.jsonl'), 'whole\n');
    writeFileSync(join(folder.reports, 'run.jsonl.0123456789ab.new'), 'half');
    lockStateFolder(folder).release();
    expect(readdirSync(folder.reports)).toEqual(['run.jsonl']);
  });

  it('that cannot be made is refused in words', () => {
    writeFileSync(join(root, 'file'), '');
    expect(() => lockStateFolder(stateFolder(join(root, 'file')))).toThrow(
      expect.objectContaining({ code: 'agent.not-writable', message: expect.stringContaining('--state') }),
    );
  });
});
