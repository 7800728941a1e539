import { copyFileSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { judgeImports, root, type Violation } from './depcruise.js';
import { impureWords, sourceFiles } from './source-files.js';

/** For each rule the imports that it must refuse: the importing file, and what the import statement names. */
const forbidden: Record<string, readonly (readonly [from: string, specifier: string])[]> = {
  'no-circular': [['libs/service/src/circle-a.ts', './circle-b.js']],
  'not-resolvable': [['libs/service/src/lost.ts', './nowhere.js']],
  'apps-never-import-apps': [
    ['apps/catalog/src/borrow.ts', '../../content/src/main.js'],
    ['apps/content/test/borrow.spec.ts', '../../catalog/src/main.js'],
  ],
  'libs-never-import-apps': [['libs/service/src/borrow.ts', '../../../apps/content/src/main.js']],
  'shipped-code-imports-shipped-code-only': [
    ['libs/service/src/borrow-tool.ts', '../../../tools/make.js'],
    ['apps/catalog/src/borrow-test.ts', '../../../test/e2e/scene.js'],
    ['apps/catalog/src/borrow-helper.ts', '../test/helper.js'],
    ['apps/catalog/src/borrow-spec.ts', './some.spec.js'],
  ],
  'pure-libs-stay-pure': [
    ['libs/sequence/src/read-file.ts', 'node:fs'],
    ['libs/sequence/src/nest.ts', '@nestjs/common'],
    ['libs/sequence/src/contract.ts', '@muster/contracts/thing.js'],
    ['libs/hierarchy/src/engine.ts', '@muster/sequence/thing.js'],
  ],
  'schedule-stays-pure': [
    ['libs/schedule/src/read-clock.ts', 'node:perf_hooks'],
    ['libs/schedule/src/contract.ts', '@muster/contracts/thing.js'],
  ],
  'interchange-stays-pure': [
    ['libs/interchange/src/unzip.ts', 'node:zlib'],
    ['libs/interchange/src/contract.ts', '@muster/contracts/thing.js'],
  ],
  'contracts-import-pure-libs-only': [
    ['libs/contracts/src/nest.ts', '@nestjs/common'],
    ['libs/contracts/src/listen.ts', 'node:http'],
    ['libs/contracts/src/errors.ts', '@muster/platform/thing.js'],
  ],
  'platform-imports-lower-libs-only': [['libs/platform/src/up.ts', '@muster/persistence/thing.js']],
  'persistence-imports-lower-libs-only': [['libs/persistence/src/up.ts', '@muster/messaging/thing.js']],
  'messaging-imports-lower-libs-only': [['libs/messaging/src/up.ts', '@muster/service/thing.js']],
  'replication-imports-lower-libs-only': [['libs/replication/src/up.ts', '@muster/service/thing.js']],
  'localsite-imports-lower-libs-only': [['libs/localsite/src/up.ts', '@muster/platform/thing.js']],
  'only-persistence-talks-to-postgres': [
    ['apps/deployment/src/runs.service.ts', 'pg'],
    ['libs/service/src/migrate.ts', 'node-pg-migrate'],
  ],
  'only-messaging-talks-to-nats': [
    ['apps/deployment/src/dispatcher.ts', '@nats-io/transport-node'],
    ['libs/service/src/listen.ts', '@nats-io/transport-node'],
  ],
  'clients-import-contracts-and-pure-libs-only': [
    ['apps/cli/src/errors.ts', '@muster/platform/thing.js'],
    ['apps/console/src/store.ts', '@muster/persistence/thing.js'],
    ['apps/cli/src/nest.ts', '@nestjs/common'],
  ],
  'only-the-cli-and-tests-start-a-site': [
    ['apps/deployment/src/site.ts', '@muster/localsite/thing.js'],
    ['apps/console/src/site.ts', '@muster/localsite/thing.js'],
    ['libs/service/src/site.ts', '@muster/localsite/thing.js'],
  ],
  'agent-store-and-edge-are-no-services': [
    ['apps/agent/src/service.ts', '@muster/service/thing.js'],
    ['apps/store/src/errors.ts', '@muster/platform/thing.js'],
    ['apps/edge/src/nest.ts', '@nestjs/common'],
  ],
  'testing-is-for-tests': [['apps/deployment/src/until.ts', '@muster/testing/thing.js']],
};

/** Imports beside the walls that must stay possible; a rule that refuses everything would pass the test above. */
const allowed: readonly (readonly [from: string, specifier: string])[] = [
  ['libs/sequence/src/model.ts', 'zod'],
  ['libs/sequence/src/model.spec.ts', 'node:fs'],
  ['libs/contracts/src/kinds.ts', '@muster/sequence/thing.js'],
  ['libs/contracts/src/digest.ts', 'node:crypto'],
  ['libs/persistence/src/database.ts', 'pg'],
  ['libs/messaging/src/bus.ts', '@nats-io/transport-node'],
  ['libs/messaging/src/relay.ts', '@muster/persistence/thing.js'],
  ['libs/localsite/src/databases.ts', 'pg'],
  ['libs/testing/src/servers.ts', '@muster/localsite/thing.js'],
  ['apps/deployment/src/run.repository.ts', 'pg'],
  ['apps/deployment/src/runs.module.ts', '@muster/service/thing.js'],
  ['apps/deployment/test/scene.ts', '@muster/testing/thing.js'],
  ['apps/cli/src/up.ts', '@muster/localsite/thing.js'],
  ['apps/cli/src/import.ts', '@muster/interchange/thing.js'],
  ['libs/interchange/src/steps.ts', '@muster/sequence/thing.js'],
  ['apps/agent/src/engine.ts', '@muster/sequence/thing.js'],
];

/** A tiny tree of the same top-level shape: every wrong import, every good one, and what they name. */
function plantTree(tree: string): void {
  const plant = (path: string, text: string) => {
    mkdirSync(dirname(join(tree, path)), { recursive: true });
    writeFileSync(join(tree, path), text);
  };
  copyFileSync(join(root, 'tsconfig.json'), join(tree, 'tsconfig.json'));
  plant('package.json', '{"type":"module"}');
  for (const name of ['zod', 'pg', 'node-pg-migrate', '@nestjs/common', '@nats-io/transport-node']) {
    plant(`node_modules/${name}/package.json`, JSON.stringify({ name, type: 'module', exports: './index.js' }));
    plant(`node_modules/${name}/index.js`, 'export const thing = 1;\n');
  }
  const things = [
    'sequence',
    'interchange',
    'contracts',
    'platform',
    'persistence',
    'messaging',
    'service',
    'localsite',
    'testing',
  ];
  const targets = [
    'apps/catalog/src/main.ts',
    'apps/content/src/main.ts',
    'apps/catalog/test/helper.ts',
    'apps/catalog/src/some.spec.ts',
  ];
  for (const path of [
    ...targets,
    ...things.map((lib) => `libs/${lib}/src/thing.ts`),
    'tools/make.ts',
    'test/e2e/scene.ts',
  ])
    plant(path, 'export const thing = 1;\n');
  for (const [from, specifier] of [...Object.values(forbidden).flat(), ...allowed])
    plant(from, `import * as thing from '${specifier}';\nexport const one = thing;\n`);
  plant('libs/service/src/circle-b.ts', "import { one } from './circle-a.js';\nexport const two = one;\n");
}

describe('the import rules', () => {
  let tree: string;
  let violations: Violation[];
  beforeAll(async () => {
    tree = mkdtempSync(join(tmpdir(), 'muster-boundaries-'));
    plantTree(tree);
    ({ violations } = await judgeImports(tree));
  }, 60_000);
  afterAll(() => rmSync(tree, { recursive: true, force: true }));

  it('are all broken here once on purpose', async () => {
    const { default: config } = (await import(pathToFileURL(join(root, '.dependency-cruiser.js')).href)) as {
      default: { forbidden: { name: string; severity: string }[] };
    };
    expect(config.forbidden.map((rule) => rule.name).sort()).toEqual(Object.keys(forbidden).sort());
    expect(config.forbidden.filter((rule) => rule.severity !== 'error')).toEqual([]);
  });

  it.each(Object.entries(forbidden))('%s refuses the import, and no other rule does', (rule, imports) => {
    for (const [from] of imports) {
      const refusals = violations.filter((one) => one.from === from).map((one) => one.rule);
      expect([from, ...new Set(refusals)]).toEqual([from, rule]);
    }
  });

  it('let the imports pass that the design wants', () => {
    const good = new Set(allowed.map(([from]) => from));
    expect(violations.filter((one) => good.has(one.from))).toEqual([]);
  });

  it('hold in this repository', async () => {
    const real = await judgeImports(root);
    expect(real.modules).toBeGreaterThan(100);
    expect(real.violations).toEqual([]);
  }, 60_000);
});

describe('the pure libraries', () => {
  it.each(['libs/sequence', 'libs/schedule', 'libs/hierarchy', 'libs/interchange'])(
    '%s reads no clock, no chance and no machine',
    (folder) => {
      const found = sourceFiles(folder).flatMap((path) =>
        impureWords(readFileSync(join(root, path), 'utf8')).map((word) => `${path}: ${word}`),
      );
      expect(found).toEqual([]);
    },
  );

  it('would be caught using any of them, but not for naming them in a comment, a string or a property', () => {
    const impure = [
      'Date.now()',
      'new Date()',
      'new Date',
      'Date()',
      'Math.random()',
      'process.env',
      'setTimeout(() => {}, 1)',
      'setInterval',
      'setImmediate',
      'fetch("/")',
      'performance.now()',
      'crypto.randomUUID()',
      'globalThis.fetch',
      'queueMicrotask(f)',
      "import('x')",
      'require("fs")',
      'console.log(1)',
      'Math["random"]()',
    ];
    for (const text of impure) expect([text, impureWords(`const x = ${text};`).length > 0]).toEqual([text, true]);
    const pure = [
      'new Date(now)',
      'Date.parse(x)',
      '"fetch(x)"',
      '1; // Date.now()',
      '/* process.env */ 1',
      '`setTimeout`',
      'effects.fetch',
      '{ process: 1 }',
      'Math.floor(x)',
    ];
    for (const text of pure) expect([text, impureWords(`const x = ${text};`)]).toEqual([text, []]);
  });
});
