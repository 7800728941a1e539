import { type Application, applicationSchema } from '@muster/sequence/applications/application.js';
import { judgeApplication } from './judge-application.js';

const known = {
  packages: new Map([['tools', new Set(['install'])]]),
  applications: new Set(['a', 'b', 'c', 'd', 'e', 'f']),
};

function app(dependencies: string[], more: object = {}, whole: object = {}): Application {
  return applicationSchema.parse({
    deploymentTypes: [
      {
        name: 'only',
        install: { command: 'true' },
        detection: { file: '/x' },
        dependencies: dependencies.map((name) => ({ anyOf: [name] })),
        ...more,
      },
    ],
    ...whole,
  });
}

function judge(
  spec: Application,
  dependency: Record<string, string[]> = {},
  supersedes: Record<string, string[]> = {},
) {
  const below = { dependency: new Map(Object.entries(dependency)), supersedes: new Map(Object.entries(supersedes)) };
  return judgeApplication('x', spec, known, below).map(({ code, path, message }) => `${code} ${path}: ${message}`);
}

describe('judging an application', () => {
  it('finds nothing where everything is there', () => {
    expect(judge(app(['a'], { package: 'tools', install: { program: 'install' } }))).toEqual([]);
  });

  it('finds everything that is missing at once, with its place', () => {
    const spec = app(
      ['a', 'gone'],
      { package: 'lost', install: { program: 'setup' } },
      { supersedes: [{ application: 'old' }] },
    );
    expect(judge(spec)).toEqual([
      'content.missing-reference /spec/deploymentTypes/0/package: there is no Package "lost"',
      'content.missing-reference /spec/deploymentTypes/0/dependencies/1/anyOf/0: there is no Application "gone"',
      'content.missing-reference /spec/supersedes/0/application: there is no Application "old"',
    ]);
  });

  it('finds programs that the package does not have, and programs of no package', () => {
    const wrong = app([], { package: 'tools', install: { program: 'setup' }, uninstall: { program: 'install' } });
    expect(judge(wrong)).toEqual([
      'content.program-not-found /spec/deploymentTypes/0/install/program: package "tools" has no program "setup"; it has: install',
    ]);
    expect(judge(app([], { install: { program: 'setup' } }))).toEqual([expect.stringContaining('of no package')]);
  });

  it('finds circles of dependencies of any length, with the way', () => {
    expect(judge(app(['x']))).toEqual([expect.stringContaining('"x" → "x"')]);
    expect(judge(app(['a']), { a: ['b'], b: ['c', 'x'] })).toEqual([
      'application.dependency-cycle /spec/deploymentTypes/0/dependencies/0/anyOf/0: the dependencies lead in a circle: "x" → "a" → "b" → "x"',
    ]);
  });

  it('finds circles of supersedence apart from those of dependencies', () => {
    const both = app(['a'], {}, { supersedes: [{ application: 'b' }] });
    expect(judge(both, { a: ['c'] }, { b: ['x'] })).toEqual([
      'application.supersedence-cycle /spec/supersedes/0/application: the applications supersede each other in a circle: "x" → "b" → "x"',
    ]);
    expect(judge(both, { b: ['x'] }, { a: ['x'] })).toEqual([]);
  });

  it('lets five dependencies stand in a chain, and not six', () => {
    const chain = { a: ['b'], b: ['c'], c: ['d'], d: ['e'] };
    expect(judge(app(['a']), chain)).toEqual([]);
    expect(judge(app(['a']), { ...chain, e: ['f'] })).toEqual([
      'application.dependency-too-deep /spec/deploymentTypes/0/dependencies/0/anyOf/0: more than 5 dependencies in a chain: "x" → "a" → "b" → "c" → "d" → "e" → "f"',
    ]);
    // A shorter way to the same end does not hide the longer one.
    expect(judge(app(['e', 'a']), { ...chain, a: ['d', 'b'], e: ['f'] })).toHaveLength(1);
  });
});
