import { referencesSchema, searchResultSchema, usesSchema } from '@muster/contracts/kinds/sequence-search.js';
import type { References, SearchResult, Uses } from '@muster/contracts/kinds/sequence-search.js';
import { until } from '@muster/testing/until.js';
import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

const installs = (name: string, more: object = {}) => ({
  step: `Install ${name}`,
  type: 'InstallPackage',
  settings: { package: name, program: 'setup' },
  ...more,
});

describe('looking things up', () => {
  let catalog: CatalogUnderTest;
  beforeAll(async () => {
    catalog = await CatalogUnderTest.start();
  });
  afterAll(async () => catalog?.stop());

  const uses = async (query: string) =>
    (await catalog.call<Uses>('GET', `/api/v1/task-sequences/-/uses?${query}`)).body;
  const references = async (name: string, query = '') =>
    (await catalog.call<References>('GET', `/api/v1/task-sequences/${name}/references${query}`)).body;
  const search = async (text: string, query = '') =>
    (
      await catalog.call<SearchResult>(
        'GET',
        `/api/v1/task-sequences/-/search?text=${encodeURIComponent(text)}${query}`,
      )
    ).body;
  const sequences = async (text: string) => (await search(text)).items.map(({ sequence }) => sequence);

  describe('where something is used', () => {
    it('is told with sequence, path, program, and whether the node is disabled', async () => {
      await catalog.save('uses-b', [{ group: 'G', disabled: true, steps: [installs('tool')] }]);
      await catalog.save('uses-a', [runs('x'), installs('tool'), installs('other')]);
      const found = await uses('kind=Package&name=tool');
      expect(usesSchema.parse(found)).toEqual(found);
      expect(found.items).toEqual([
        {
          sequence: 'uses-a',
          path: 'Install tool',
          pointer: '/spec/steps/1',
          kind: 'Package',
          name: 'tool',
          program: 'setup',
          disabled: false,
        },
        {
          sequence: 'uses-b',
          path: 'G/Install tool',
          pointer: '/spec/steps/0/steps/0',
          kind: 'Package',
          name: 'tool',
          program: 'setup',
          disabled: true,
        },
      ]);
      await catalog.save('uses-a', [runs('x')]);
      await catalog.call('DELETE', '/api/v1/task-sequences/uses-b');
      expect((await uses('kind=Package&name=tool')).items).toEqual([]);
    });

    it('is paged by key, across and within sequences', async () => {
      await catalog.save('many-a', [installs('many'), installs('many'), installs('many')]);
      await catalog.save('many-b', [installs('many'), installs('many')]);
      const found: string[] = [];
      let next: string | undefined;
      do {
        const page = await uses(`kind=Package&name=many&limit=2${next ? `&continue=${next}` : ''}`);
        found.push(...page.items.map(({ sequence, pointer }) => `${sequence}${pointer.slice('/spec/steps'.length)}`));
        next = page.metadata.continue;
      } while (next);
      expect(found).toEqual(['many-a/0', 'many-a/1', 'many-a/2', 'many-b/0', 'many-b/1']);
    });

    it('and what a sequence uses itself, with what is missing', async () => {
      await catalog.save('child', []);
      await catalog.save('user', [
        { sequence: 'child' },
        { sequence: 'gone', disabled: true },
        installs('there'),
        installs('nothing-here', { disabled: true }),
        {
          step: 'Image',
          type: 'ApplyOperatingSystemImage',
          disabled: true,
          settings: { image: 'debian', imageIndex: 1 },
        },
      ]);
      const found = await references('user');
      expect(referencesSchema.parse(found)).toEqual(found);
      expect(found.items.map(({ kind, name, exists }) => [kind, name, exists])).toEqual(
        expect.arrayContaining([
          ['TaskSequence', 'child', true],
          ['TaskSequence', 'gone', false],
          ['Package', 'there', true],
          ['Package', 'nothing-here', false],
          ['OsImage', 'debian', true],
        ]),
      );
      const first = await references('user', '?limit=1');
      expect(first.items.length).toBe(1);
      expect((await references('user', `?continue=${first.metadata.continue}`)).items).toEqual(found.items.slice(1));
      expect((await uses('kind=TaskSequence&name=child')).items.map(({ sequence }) => sequence)).toEqual(['user']);
      expect((await catalog.call('GET', '/api/v1/task-sequences/nobody/references')).status).toBe(404);
    });
  });

  describe('search', () => {
    it('finds names, types, variables, conditions, references and labels, never settings', async () => {
      await catalog.call('PUT', '/api/v1/task-sequences/zebra', {
        apiVersion: 'muster/v1',
        kind: 'TaskSequence',
        metadata: { name: 'zebra', displayName: 'Savannah Härtung', folder: '/animals', labels: { team: 'stripes' } },
        spec: {
          variables: { QuaggaColour: 'hidden-value' },
          steps: [
            { group: 'Waterhole', steps: [{ ...runs('hidden-command'), step: 'Drink' }] },
            { ...installs('okapi'), condition: { variable: 'GiraffeHeight', operator: 'equals', value: '5' } },
          ],
        },
      });
      for (const text of [
        'zebra',
        'savann härtung',
        'ANIMALS',
        'stripes',
        'quagga',
        'colour',
        'waterhole drink',
        'okapi',
        'giraffeheight 5',
        'InstallPackage okapi',
      ])
        expect([text, await sequences(text)]).toEqual([text, ['zebra']]);
      for (const text of ['hidden', 'zebra nonsense']) expect([text, await sequences(text)]).toEqual([text, []]);
      const found = await search('okapi giraffe waterhole savannah');
      expect(searchResultSchema.parse(found)).toEqual(found);
      expect(found.items[0]).toMatchObject({
        sequence: 'zebra',
        displayName: 'Savannah Härtung',
        where: ['name'],
        matches: 2,
        nodes: [
          { path: 'Install okapi', pointer: '/spec/steps/1', where: ['name', 'condition', 'reference'] },
          { path: 'Waterhole', where: ['name'] },
        ],
      });
    });

    it('follows changes of the specification and of labels, and deletion', async () => {
      const labelled = (labels: object) =>
        catalog.call('PUT', '/api/v1/task-sequences/changing', {
          apiVersion: 'muster/v1',
          kind: 'TaskSequence',
          metadata: { name: 'changing', labels },
          spec: { steps: [runs('walrus')] },
        });
      await labelled({ a: 'sealion' });
      expect(await sequences('sealion walrus')).toEqual(['changing']);
      await labelled({ a: 'orca' });
      expect([await sequences('sealion'), await sequences('orca')]).toEqual([[], ['changing']]);
      await catalog.call('DELETE', '/api/v1/task-sequences/changing');
      expect(await sequences('walrus')).toEqual([]);
    });

    it('is paged by key', async () => {
      for (const name of ['lynx-a', 'lynx-b', 'lynx-c']) await catalog.save(name, [runs('x')]);
      const first = await search('lynx', '&limit=2');
      const second = await search('lynx', `&limit=2&continue=${first.metadata.continue}`);
      expect([first, second].map(({ items }) => items.map(({ sequence }) => sequence))).toEqual([
        ['lynx-a', 'lynx-b'],
        ['lynx-c'],
      ]);
      expect(second.metadata).toEqual({});
    });

    it.each([
      ['no word', 'text=%20-%20', 'search.no-words'],
      ['no text', '', 'document.invalid'],
      ['too many words', `text=${encodeURIComponent('a b c d e f g h i j k')}`, 'search.no-words'],
      ['a made-up token', 'text=a&continue=WzFd', 'request.bad-continue'],
      ['too much at once', 'text=a&limit=1000', 'document.invalid'],
    ])('refuses %s', async (_what, query, code) => {
      expect(await catalog.call('GET', `/api/v1/task-sequences/-/search?${query}`)).toMatchObject({
        status: 400,
        body: { code },
      });
    });

    it.each(["'", "a' | 'b", '!a', 'a:*', '\\', 'ä & (', '%_%'])(
      'takes %s for a text, not for a query',
      async (text) => {
        const answer = await catalog.call('GET', `/api/v1/task-sequences/-/search?text=${encodeURIComponent(text)}`);
        expect([200, 400]).toContain(answer.status);
      },
    );

    it('keeps a sequence with more words than a text vector can hold', async () => {
      const wide = (n: number) => `${n}`.padEnd(60, 'ä');
      const steps = Array.from({ length: 5000 }, (_, n) => ({ ...runs('x'), step: `${wide(n)} first${n}` }));
      await catalog.save('wide', steps);
      expect(await sequences('first0')).toEqual(['wide']);
    });
  });

  it('indexes after a start what was saved by older rules', async () => {
    await catalog.save('older', [installs('antique')]);
    await catalog.database.query(`delete from task_sequence_reference`);
    await catalog.database.query(`delete from task_sequence_words`);
    expect(await sequences('antique')).toEqual([]);
    await catalog.restart();
    await until(async () => (await sequences('antique')).length === 1);
    expect((await uses('kind=Package&name=antique')).items).toHaveLength(1);
  });

  it('says over gRPC the same as over REST', async () => {
    await catalog.save('both', [installs('badger'), { sequence: 'child' }]);
    const call = (method: string, request: object) => catalog.grpc('TaskSequenceAuthoringService', method, request);
    expect(await call('ListUses', { kind: 'Package', name: 'badger' })).toEqual(await uses('kind=Package&name=badger'));
    expect(await call('ListReferences', { name: 'both' })).toEqual(await references('both'));
    expect(await call('Search', { text: 'both badger' })).toEqual(await search('both badger'));
    const refused = await call('ListUses', { kind: 'Nonsense', name: 'x' }).catch((error: unknown) => error);
    expect(refused).toMatchObject({ code: 3 });
  });

  it('gives editors the schema of a document without a token, and 304 to those that have it', async () => {
    const address = '/api/v1/task-sequences/-/schema.json';
    const answer = await catalog.call<object>('GET', address, undefined, { authorization: '' });
    expect([answer.status, answer.headers.get('content-type')]).toEqual([
      200,
      'application/schema+json; charset=utf-8',
    ]);
    expect(answer.body).toMatchObject({ $schema: 'https://json-schema.org/draft/2020-12/schema' });
    expect(JSON.stringify(answer.body)).toContain('SetTaskSequenceVariable');
    const again = await fetch(`${catalog.base}${address}`, {
      headers: { 'if-none-match': answer.headers.get('etag') ?? '' },
    });
    expect(again.status).toBe(304);
    for (const near of ['/api/v1/task-sequences/-/search?text=x', '/api/v1/task-sequences/-/schema.jso'])
      expect((await catalog.call('GET', near, undefined, { authorization: '' })).status).toBe(401);
  });
});
