/**
 * The walls of the house (ARCHITECTURE.md, "What may import what"). Every rule is an error;
 * test/architecture/boundaries.spec.ts breaks each one on purpose and expects a refusal.
 */
const spec = '\\.(int-|e2e-)?spec\\.ts$';
const io = ['^node:', 'node_modules/'];

export default {
  forbidden: [
    { name: 'no-circular', severity: 'error', comment: 'A cycle hides which of two things is the foundation.', from: {}, to: { circular: true } },
    { name: 'not-resolvable', severity: 'error', comment: 'An import that does not resolve.', from: {}, to: { couldNotResolve: true } },
    { name: 'apps-never-import-apps', severity: 'error', comment: 'Processes share contracts, not code.', from: { path: '^apps/([^/]+)/' }, to: { path: '^apps/', pathNot: '^apps/$1/' } },
    { name: 'libs-never-import-apps', severity: 'error', comment: 'Libraries know nothing of processes.', from: { path: '^libs/' }, to: { path: '^apps/' } },
    {
      name: 'pure-libs-stay-pure', severity: 'error', comment: 'sequence and hierarchy: no framework, no I/O, no clock. Only zod.',
      from: { path: '^libs/(sequence|hierarchy)/', pathNot: spec },
      to: { pathNot: ['^libs/$1/', 'node_modules/zod/'] },
    },
    {
      name: 'contracts-import-pure-libs-only', severity: 'error', comment: 'Contracts are data: schemas and the pure model.',
      from: { path: '^libs/contracts/src/', pathNot: spec },
      to: { pathNot: ['^libs/(contracts|sequence|hierarchy)/', 'node_modules/(zod|canonicalize)/', '^node:(path|url|fs|crypto)$', '^(path|url|fs|crypto)$'] },
    },
    {
      name: 'only-persistence-talks-to-postgres', severity: 'error', comment: 'SQL lives in *.repository.ts, migrations and libs/persistence.',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/persistence/', '\\.repository\\.ts$', spec, '^libs/testing/', '^apps/cli/src/up/'] },
      to: { path: 'node_modules/(pg|node-pg-migrate)/' },
    },
    {
      name: 'only-messaging-talks-to-nats', severity: 'error', comment: 'One place knows NATS.',
      from: { path: '^(apps|libs)/', pathNot: ['^libs/messaging/', spec, '^libs/testing/', '^apps/cli/src/up/'] },
      to: { path: 'node_modules/@nats-io/' },
    },
    {
      name: 'clients-import-contracts-and-pure-libs-only', severity: 'error', comment: 'The CLI and the console are clients of the public API like any other.',
      from: { path: '^apps/(cli|console)/', pathNot: spec },
      to: { path: '^libs/', pathNot: '^libs/(contracts|sequence|hierarchy)/' },
    },
    {
      name: 'the-agent-is-no-service', severity: 'error', comment: 'The agent runs on computers without Postgres, NATS or Nest.',
      from: { path: '^apps/agent/', pathNot: spec },
      to: { path: ['^libs/(persistence|messaging|platform)/', 'node_modules/(@nestjs|pg|@nats-io)/'] },
    },
    { name: 'testing-is-for-tests', severity: 'error', comment: 'Builders never ship.', from: { path: '^(apps|libs)/', pathNot: [spec, '^libs/testing/'] }, to: { path: '^libs/testing/' } },
  ],
  options: {
    doNotFollow: { path: 'node_modules' },
    exclude: { path: '^dist/' },
    tsConfig: { fileName: 'tsconfig.json' },
    tsPreCompilationDeps: true,
    enhancedResolveOptions: { exportsFields: ['exports'], conditionNames: ['import', 'node', 'default', 'types'], extensions: ['.ts', '.js', '.json'] },
  },
};
