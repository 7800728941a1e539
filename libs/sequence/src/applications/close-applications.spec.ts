import * as fc from 'fast-check';
import { type Application, applicationSchema } from './application.js';
import { applicationPrograms, applicationReferences } from './application-references.js';
import { closeApplications, packagesOfApplications } from './close-applications.js';

function app(dependencies: string[][], supersedes: Application['supersedes'] = [], content?: string): Application {
  return applicationSchema.parse({
    deploymentTypes: [
      {
        name: 'only',
        package: content,
        install: content === undefined ? { command: 'true' } : { program: 'install' },
        detection: { file: '/x' },
        dependencies: dependencies.map((anyOf) => ({ anyOf })),
      },
    ],
    supersedes,
  });
}

async function close(names: string[], world: Record<string, Application>) {
  const read: string[][] = [];
  const documents = await closeApplications(names, async (wanted) => {
    read.push([...wanted]);
    return new Map(wanted.flatMap((name) => (world[name] ? [[name, world[name]]] : [])));
  });
  return {
    names: [...documents.keys()],
    missing: [...documents].filter(([, one]) => !one).map(([name]) => name),
    read,
  };
}

describe('what an application names', () => {
  it('is told with its place: content, dependencies, what it supersedes, programs', () => {
    const spec = app([['a', 'b'], ['c']], [{ application: 'old', uninstall: true }], 'tools');
    expect(applicationReferences(spec).map(({ how, name, path }) => `${how} ${name} ${path}`)).toEqual([
      'content tools /spec/deploymentTypes/0/package',
      'dependency a /spec/deploymentTypes/0/dependencies/0/anyOf/0',
      'dependency b /spec/deploymentTypes/0/dependencies/0/anyOf/1',
      'dependency c /spec/deploymentTypes/0/dependencies/1/anyOf/0',
      'supersedes old /spec/supersedes/0/application',
    ]);
    expect(applicationPrograms(spec)).toEqual([
      { package: 'tools', program: 'install', path: '/spec/deploymentTypes/0/install/program' },
    ]);
    expect(packagesOfApplications([spec, null, app([])])).toEqual(['tools']);
  });
});

describe('the applications that an installation may need', () => {
  it('are dependencies in turn, all alternatives, each read once and level by level', async () => {
    const world = { x: app([['a', 'b']]), a: app([['c']]), b: app([['c']]), c: app([]) };
    expect((await close(['x', 'a'], world)).read).toEqual(
      [
        ['x', 'a'],
        ['c', 'b'],
      ].map((level) => expect.arrayContaining(level)),
    );
    expect((await close(['x'], world)).names.toSorted()).toEqual(['a', 'b', 'c', 'x']);
  });

  it('are what is taken away too, with nothing behind it; what merely is replaced is not needed', async () => {
    const world = {
      x: app([], [{ application: 'old', uninstall: true }, { application: 'older' }]),
      old: app([['of-old']]),
      'of-old': app([]),
    };
    expect((await close(['x'], world)).names).toEqual(['x', 'old']);
    // Asked for by somebody else, it is installed with all it needs.
    expect((await close(['x', 'old'], world)).names.toSorted()).toEqual(['of-old', 'old', 'x']);
  });

  it('say which of them there are not, and end in circles', async () => {
    expect(await close(['x'], { x: app([['y'], ['gone']]), y: app([['x']]) })).toMatchObject({ missing: ['gone'] });
  });

  it('are closed whatever the graph: every dependency of one that was asked for or depended on is there', async () => {
    const name = fc.constantFrom(...'abcdefgh');
    const world = fc.dictionary(name, fc.array(fc.array(name, { minLength: 1, maxLength: 3 }), { maxLength: 3 }));
    await fc.assert(
      fc.asyncProperty(world, fc.array(name), async (graph, asked) => {
        const apps = Object.fromEntries(Object.entries(graph).map(([one, groups]) => [one, app(groups)]));
        const { names, read } = await close(asked, apps);
        const closed = new Set(names);
        for (const one of asked) expect(closed.has(one)).toBe(true);
        for (const one of names) for (const below of (graph[one] ?? []).flat()) expect(closed.has(below)).toBe(true);
        expect(read.flat().length).toBe(closed.size);
      }),
    );
  });
});
