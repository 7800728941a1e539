import { chmodSync, mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { evaluateFactsQuery } from '@muster/sequence/conditions/facts-query.js';
import { factsSchema } from '@muster/sequence/conditions/facts-schema.js';
import { describeFacts } from '../daemon/facts-command.js';
import { CUSTOM_FACTS_FOLDER, customFacts } from './custom-facts.js';
import { fitting } from './gather-facts.js';
import { SystemTree } from './system-tree.js';

describe('facts of your own', () => {
  let root: string;
  const folder = (): string => join(root, CUSTOM_FACTS_FOLDER);
  const write = (name: string, text: string, mode = 0o644): void => {
    writeFileSync(join(folder(), name), text);
    chmodSync(join(folder(), name), mode);
  };
  const told = () => customFacts(new SystemTree(root));
  const facts = () => told().custom;
  beforeEach(() => {
    root = mkdtempSync(join(tmpdir(), 'muster-facts-'));
    mkdirSync(folder(), { recursive: true });
    chmodSync(folder(), 0o755);
  });
  afterEach(() => rmSync(root, { recursive: true }));

  it('are texts, numbers and booleans in files, the last file winning, by name', () => {
    write('10-site.json', '{"rack": "b7", "slot": 12, "spare": false}');
    write('20-role.json', '{"rack": "b8", "list": [1], "nothing": null}');
    write('notes.txt', '{"rack": "x"}');
    expect(facts()).toEqual([
      { name: 'rack', value: 'b8' },
      { name: 'slot', value: '12' },
      { name: 'spare', value: 'false' },
    ]);
  });

  it('can be asked for in conditions and collections as other facts can', () => {
    write('site.json', '{"rack": "b7", "slot": 12}');
    const known = factsSchema.parse({ custom: facts() });
    const answers = (query: string) => (evaluateFactsQuery(query, known) as { result?: boolean }).result;
    expect(answers('custom.exists(f, f.name == "rack" && f.value == "b7")')).toBe(true);
    expect(answers('custom.exists(f, f.name == "slot" && int(f.value) > 20)')).toBe(false);
  });

  it('are not what others may write, and not what is no object', () => {
    write('loose.json', '{"rack": "x"}', 0o666);
    write('broken.json', '{"rack": ');
    write('list.json', '["rack"]');
    expect(facts()).toBeUndefined();
    write('site.json', '{"rack": "b7"}');
    chmodSync(folder(), 0o777);
    expect(facts()).toBeUndefined();
    rmSync(folder(), { recursive: true });
    expect(facts()).toBeUndefined();
  });

  it('take no others with them when one does not fit', () => {
    write('site.json', JSON.stringify({ rack: 'b7', 'bad name': 'x', long: 'x'.repeat(300) }));
    expect(facts()).toEqual([{ name: 'rack', value: 'b7' }]);
    expect(fitting({ custom: [...(facts() ?? []), { name: 'bad name', value: 'x' }] })).toEqual({ custom: facts() });
  });

  it('are told with a reason when they are left out', () => {
    write('10-site.json', JSON.stringify({ rack: 'b7', 'bad name': 'x', long: 'x'.repeat(257), list: [1] }));
    write('20-loose.json', '{"rack": "x"}', 0o666);
    write('30-broken.json', '{"rack": ');
    expect(told().customLeftOut).toEqual([
      {
        file: '10-site.json',
        name: 'bad name',
        reason: 'a name has a letter, then up to 63 letters, digits, _, . and -',
      },
      { file: '10-site.json', name: 'long', reason: 'it has more than 256 characters' },
      { file: '10-site.json', name: 'list', reason: 'it is no text, number or boolean' },
      { file: '20-loose.json', reason: 'others than its owner may write the file' },
      { file: '30-broken.json', reason: 'it is no JSON object' },
    ]);
    expect(factsSchema.parse(told())).toEqual(told());
    expect(describeFacts({ hostname: 'web-1', ...told() })).toEqual([
      'hostname          web-1',
      'custom rack       b7',
      'left out  10-site.json, bad name: a name has a letter, then up to 63 letters, digits, _, . and -',
      'left out  10-site.json, long: it has more than 256 characters',
      'left out  10-site.json, list: it is no text, number or boolean',
      'left out  20-loose.json: others than its owner may write the file',
      'left out  30-broken.json: it is no JSON object',
    ]);
  });

  it('are at most 100, and those behind them by name are left out', () => {
    const many = Object.fromEntries(
      Array.from({ length: 130 }, (_, index) => [`f${String(index).padStart(3, '0')}`, index]),
    );
    write('many.json', JSON.stringify(many));
    expect(facts()).toHaveLength(100);
    const leftOut = told().customLeftOut ?? [];
    expect([leftOut.length, leftOut[0]]).toEqual([
      20,
      { file: 'many.json', name: 'f100', reason: 'there are more than 100 facts' },
    ]);
  });
});
