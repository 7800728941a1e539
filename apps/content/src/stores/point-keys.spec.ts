import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pino } from 'pino';
import type { ContentConfig } from '../config.js';
import { PointKeys } from './point-keys.js';

describe('the keys of points', () => {
  let folder: string;
  let file: string;
  let lines: string[];

  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'muster-keys-'));
    file = join(folder, 'keys.json');
    lines = [];
  });
  afterEach(() => rmSync(folder, { recursive: true, force: true }));

  const write = (names: readonly string[]) =>
    writeFileSync(
      file,
      JSON.stringify(Object.fromEntries(names.map((name) => [name, { accessKeyId: name, secretAccessKey: 'hush' }]))),
    );
  const open = () =>
    new PointKeys(
      { MUSTER_POINT_CREDENTIALS_FILE: file } as ContentConfig,
      pino({ base: null }, { write: (line: string) => void lines.push(line) }),
    );

  it('are known as soon as their file has them', () => {
    write(['berlin']);
    const keys = open();
    expect(keys.names()).toEqual(['berlin']);
    write(['paris', 'berlin']);
    expect(keys.find('paris')).toEqual({ accessKeyId: 'paris', secretAccessKey: 'hush' });
    expect(keys.names()).toEqual(['berlin', 'paris']);
  });

  it('stay what they were while the file is wrong or away, and it is said without a secret', () => {
    write(['berlin']);
    const keys = open();
    writeFileSync(file, '{"berlin": {"accessKeyId": "hush"}}');
    expect(keys.find('berlin')).toBeDefined();
    rmSync(file);
    expect(keys.names()).toEqual(['berlin']);
    expect(lines.join('')).toContain('the keys of points stay what they were');
    expect(lines.join('')).not.toContain('hush');
    write([]);
    expect(keys.names()).toEqual([]);
  });

  it('that are wrong at the start end it', () => {
    writeFileSync(file, 'none');
    expect(open).toThrow('cannot be read as JSON');
  });
});
