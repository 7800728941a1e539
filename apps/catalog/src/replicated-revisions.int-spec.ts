import { CatalogUnderTest, runs } from '../test/catalog-under-test.js';

interface Revisions {
  readonly items: readonly { readonly revision: number; readonly author: string; readonly comment?: string }[];
}

interface Document {
  readonly spec: { readonly steps: readonly unknown[] };
  readonly savedBy?: { readonly author: string; readonly comment?: string };
}

describe('a sequence that comes from another site', () => {
  let catalog: CatalogUnderTest;

  beforeAll(async () => {
    catalog = await CatalogUnderTest.start();
  });

  afterAll(() => catalog?.stop());

  /** As other sites are told of it: what is recorded; of what came without a record, what would be. */
  const told = async (name: string): Promise<Document> => {
    const [recorded] = await catalog.database.query<{ content: Document }>(
      `select content from replica where kind = 'TaskSequence' and key = $1`,
      [name],
    );
    if (recorded) return recorded.content;
    const all = await catalog.database.transaction((tx) => catalog.replicatedSequences.unrecorded!(tx, 100));
    return all.find(({ key }) => key === name)!.content as Document;
  };

  const comes = (name: string, document: unknown): Promise<void> =>
    catalog.database.transaction((tx) => {
      const kind = catalog.replicatedSequences;
      return kind.use(tx, name, kind.understand(document), 'site:CAS');
    });

  const revisions = async (name: string) =>
    (await catalog.call<Revisions>('GET', `/api/v1/task-sequences/${name}/revisions`)).body.items.map(
      ({ revision, author, comment }) => ({ revision, author, comment }),
    );

  it('has revisions of those who wrote them, with what they said of it', async () => {
    await catalog.save('first', [runs('one')], '?comment=for+the+lab');
    await comes('copy', await told('first'));
    expect(await revisions('copy')).toEqual([{ revision: 1, author: 'test', comment: 'for the lab' }]);
    // What was told here goes on to the next site as it came.
    expect((await told('copy')).savedBy).toEqual((await told('first')).savedBy);
    await catalog.save('first', [runs('one'), runs('two')]);
    await comes('copy', await told('first'));
    expect(await revisions('copy')).toEqual([
      { revision: 2, author: 'test', comment: undefined },
      { revision: 1, author: 'test', comment: 'for the lab' },
    ]);
    const [deed] = await catalog.database.query<{ actor: string }>(
      `select actor from audit_entry where name = 'copy' order by id limit 1`,
    );
    expect(deed).toEqual({ actor: 'site:CAS' });
  });

  it('is said to be of its site where nobody is named: by an older release, also one that kept the name of who wrote before', async () => {
    await catalog.save('second', [runs('one')], '?comment=hers');
    const { savedBy, ...older } = await told('second');
    await comes('old', older);
    expect(await revisions('old')).toEqual([{ revision: 1, author: 'site:CAS', comment: undefined }]);
    await comes('old', { ...older, spec: { steps: [runs('three')] }, savedBy });
    expect((await revisions('old'))[0]).toEqual({ revision: 2, author: 'site:CAS', comment: undefined });
  });
});
