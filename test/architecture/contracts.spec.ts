import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { frozenFiles } from '../../tools/contracts/frozen-files.js';
import { root } from './depcruise.js';

const help = 'If the change is meant, run "npm run contracts" and review the difference: it is what clients will see.';

/** Services that no kind gives stand in .proto files of their own, named after them. */
const HAND_WRITTEN = /^service (\w+)Service \{/gm;

describe('the committed contracts', () => {
  let frozen: Record<string, string>;
  beforeAll(async () => {
    frozen = await frozenFiles();
  }, 60_000);

  it('are what the sources give, to the letter', () => {
    const different = Object.entries(frozen).flatMap(([path, text]) => {
      if (!existsSync(join(root, path))) return [`${path} is not committed`];
      const line = firstDifference(readFileSync(join(root, path), 'utf8'), text);
      return line === undefined ? [] : [`${path} differs from line ${line} on`];
    });
    expect(explained(different)).toEqual([]);
  });

  it('are no more than the sources give', () => {
    const committed = ['proto', 'schemas', 'openapi'].flatMap((folder) => filesBelow(`libs/contracts/${folder}`));
    const known = [...Object.keys(frozen), 'libs/contracts/proto/muster/v1/resource.proto'];
    const strangers = committed
      .filter((path) => !known.includes(path) && !isOneService(path))
      .map((path) => `${path} is from nowhere`);
    expect(explained(strangers)).toEqual([]);
  });
});

describe('the migrations', () => {
  const folders = readdirSync(join(root, 'apps'))
    .map((app) => `apps/${app}/migrations`)
    .filter((folder) => existsSync(join(root, folder)));

  it('are found', () => {
    expect(folders).toEqual(expect.arrayContaining(['apps/catalog/migrations', 'apps/deployment/migrations']));
  });

  it.each(folders)('of %s are numbered without gaps', (folder) => {
    const names = readdirSync(join(root, folder)).sort();
    expect(names.filter((name) => !/^\d{4}_[a-z0-9]+(-[a-z0-9]+)*\.sql$/.test(name))).toEqual([]);
    expect(names.map((name) => Number(name.slice(0, 4)))).toEqual(names.map((_, index) => index + 1));
  });

  it.each(folders)('of %s begin with the line that node-pg-migrate looks for', (folder) => {
    const wrong = filesBelow(folder).filter(
      (path) => !readFileSync(join(root, path), 'utf8').startsWith('-- Up Migration\n'),
    );
    expect(wrong).toEqual([]);
  });
});

/** Whether a .proto has just the service that it is named after. */
function isOneService(path: string): boolean {
  if (!path.endsWith('.proto')) return false;
  const services = [...readFileSync(join(root, path), 'utf8').matchAll(HAND_WRITTEN)].map(([, name = '']) => name);
  const names = services.map((name) => name.replaceAll(/(?<!^)(?=[A-Z])/g, '_').toLowerCase());
  return names.length === 1 && path.endsWith(`/v1/${names[0]}.proto`);
}

/** Mistakes, and what to do about them. */
function explained(mistakes: readonly string[]): string[] {
  return mistakes.length === 0 ? [] : [...mistakes, help];
}

function filesBelow(folder: string): string[] {
  if (!existsSync(join(root, folder))) return [];
  return readdirSync(join(root, folder), { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name).slice(root.length + 1))
    .sort();
}

/** Number of the first line in which two texts differ. */
function firstDifference(committed: string, wanted: string): number | undefined {
  if (committed === wanted) return undefined;
  const lines = wanted.split('\n');
  const index = committed.split('\n').findIndex((line, at) => line !== lines[at]);
  return index < 0 ? lines.length : index + 1;
}
