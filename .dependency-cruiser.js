/**
 * The walls of the house (ARCHITECTURE.md, "What may import what"). Every rule is an error;
 * test/architecture/boundaries.spec.ts breaks each one on purpose and expects a refusal.
 */
const tests = ['\\.(int-|e2e-)?spec\\.ts$', '^(apps|libs)/[^/]+/test/'];

/** For each library, the libraries below it. libs/service stands on all of them, libs/testing may start anything. */
const below = {
  platform: ['contracts'],
  persistence: ['contracts', 'platform'],
  messaging: ['contracts', 'platform', 'persistence'],
  replication: ['contracts', 'hierarchy', 'platform', 'persistence', 'messaging'],
  localsite: ['contracts'],
};

export default {
  forbidden: [
    {
      name: 'no-circular',
      severity: 'error',
      comment: 'A cycle hides which of two things is the foundation.',
      from: {},
      to: { circular: true },
    },
    {
      name: 'not-resolvable',
      severity: 'error',
      comment: 'An import that does not resolve.',
      from: {},
      to: { couldNotResolve: true },
    },
    {
      name: 'apps-never-import-apps',
      severity: 'error',
      comment: 'Processes share contracts, not code.',
      from: { path: '^apps/([^/]+)/' },
      to: { path: '^apps/', pathNot: '^apps/$1/' },
    },
    {
      name: 'libs-never-import-apps',
      severity: 'error',
      comment: 'Libraries know nothing of processes.',
      from: { path: '^libs/' },
      to: { path: '^apps/' },
    },
    {
      name: 'shipped-code-imports-shipped-code-only',
      severity: 'error',
      comment: 'Tests, test helpers, tools and documents never ship.',
      from: { path: '^(apps|libs)/', pathNot: tests },
      to: { path: [...tests, '^(test|tools|deploy|docs|examples)/'] },
    },
    {
      name: 'pure-libs-stay-pure',
      severity: 'error',
      comment: 'sequence and hierarchy: no framework, no I/O, no clock. Only zod, and CEL for facts queries.',
      from: { path: '^libs/(sequence|hierarchy)/', pathNot: tests },
      to: { pathNot: ['^libs/$1/', 'node_modules/zod/', 'node_modules/@bufbuild/(cel|cel-spec|protobuf)/'] },
    },
    {
      name: 'schedule-stays-pure',
      severity: 'error',
      comment:
        'When something happens: no framework, no I/O, no clock. Only zod, and Temporal for calendars and zones.',
      from: { path: '^libs/schedule/', pathNot: tests },
      to: { pathNot: ['^libs/schedule/', 'node_modules/zod/', 'node_modules/temporal-(polyfill|spec|utils)/'] },
    },
    {
      name: 'interchange-stays-pure',
      severity: 'error',
      comment: 'Foreign formats in, documents out: no framework, no I/O, no clock. Only the model, and zod.',
      from: { path: '^libs/interchange/', pathNot: tests },
      to: { pathNot: ['^libs/(interchange|sequence)/', 'node_modules/zod/'] },
    },
    {
      name: 'contracts-import-pure-libs-only',
      severity: 'error',
      comment: 'Contracts are data: schemas and the pure model.',
      from: { path: '^libs/contracts/src/', pathNot: tests },
      to: {
        pathNot: [
          '^libs/(contracts|sequence|schedule|hierarchy)/',
          'node_modules/(zod|canonicalize)/',
          '^(node:)?(path|url|fs|crypto)$',
        ],
      },
    },
    ...Object.entries(below).map(([lib, lower]) => ({
      name: `${lib}-imports-lower-libs-only`,
      severity: 'error',
      comment: 'Libraries stand on each other in one order.',
      from: { path: `^libs/${lib}/`, pathNot: tests },
      to: { path: '^libs/', pathNot: `^libs/(${[lib, ...lower].join('|')})/` },
    })),
    {
      name: 'only-persistence-talks-to-postgres',
      severity: 'error',
      comment: 'SQL lives in *.repository.ts, migrations and libs/persistence; localsite makes the databases.',
      from: {
        path: '^(apps|libs)/',
        pathNot: ['^libs/(persistence|testing|localsite)/', '\\.repository\\.ts$', ...tests],
      },
      to: { path: 'node_modules/(pg|node-pg-migrate)/' },
    },
    {
      name: 'only-messaging-talks-to-nats',
      severity: 'error',
      comment: 'One place knows NATS.',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/(messaging|testing)/', ...tests] },
      to: { path: 'node_modules/@nats-io/' },
    },
    {
      name: 'clients-import-contracts-and-pure-libs-only',
      severity: 'error',
      comment: 'The CLI and the console are clients of the public API like any other; the CLI also starts a site.',
      from: { path: '^apps/(cli|console)/', pathNot: tests },
      to: {
        path: ['^libs/', 'node_modules/@nestjs/'],
        pathNot: '^libs/(contracts|sequence|schedule|hierarchy|interchange|localsite)/',
      },
    },
    {
      name: 'only-the-cli-and-tests-start-a-site',
      severity: 'error',
      comment: 'Nothing else starts servers on this machine.',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/(localsite|testing)/', '^apps/cli/', ...tests] },
      to: { path: '^libs/localsite/' },
    },
    {
      name: 'agent-store-and-edge-are-no-services',
      severity: 'error',
      comment: 'They run where there is no Postgres, no NATS and no Nest.',
      from: { path: '^apps/(agent|store|edge)/', pathNot: tests },
      to: {
        path: ['^libs/', 'node_modules/(@nestjs|pg|@nats-io)/'],
        pathNot: ['^libs/(contracts|sequence|schedule|hierarchy)/', '^libs/platform/src/buffers-die-young.ts'],
      },
    },
    {
      name: 'testing-is-for-tests',
      severity: 'error',
      comment: 'Builders never ship.',
      from: { path: '^(apps|libs)/', pathNot: [...tests, '^libs/testing/'] },
      to: { path: '^libs/testing/' },
    },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: {
      exportsFields: ['exports'],
      conditionNames: ['import', 'node', 'default', 'types'],
      extensions: ['.ts', '.js', '.json'],
    },
  },
};
