import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const swc = JSON.parse(readFileSync(new URL('./swc.build.json', import.meta.url), 'utf8'));
delete swc.sourceMaps;
delete swc.jsc.paths;
delete swc.jsc.baseUrl;

// The tests start the same programs hundreds of times: what they compile is kept. Workers and what they start inherit it.
process.env.NODE_COMPILE_CACHE ??= join(import.meta.dirname, 'node_modules', '.cache', 'node-compile');

/** Settings that the three kinds of tests share. Tests run as ESM on the pinned Node. */
const common = {
  rootDir: import.meta.dirname,
  testEnvironment: '<rootDir>/tools/ci/test-environment.mjs',
  extensionsToTreatAsEsm: ['.ts'],
  transform: { '^.+\\.ts$': ['@swc/jest', { ...swc, swcrc: false, module: { type: 'es6' } }] },
  moduleNameMapper: {
    '^@muster/([a-z]+)/(.*)\\.js$': '<rootDir>/libs/$1/src/$2.ts',
    '^(\\.{1,2}/.*)\\.js$': ['$1.ts', '$1.js'],
  },
  modulePathIgnorePatterns: ['<rootDir>/dist', '<rootDir>/.muster'],
  setupFiles: ['reflect-metadata'],
};

/** Tests that start programs: of a fresh build. */
const withPrograms = {
  globalSetup: '<rootDir>/tools/ci/before-servers.mjs',
  globalTeardown: '<rootDir>/tools/ci/after-servers.mjs',
};

export default {
  // Of three that mostly wait, two compute; whole sites of end-to-end tests compute more. Here and not as a flag: what failed is run
  // once more in one worker, by a flag.
  maxWorkers: process.argv.includes('e2e') ? 2 : 3,
  projects: [
    { ...common, displayName: 'unit', testMatch: ['<rootDir>/{apps,libs,tools,test}/**/*.spec.ts'] },
    {
      ...common,
      ...withPrograms,
      displayName: 'integration',
      testMatch: ['<rootDir>/{apps,libs,tools,test}/**/*.int-spec.ts'],
    },
    { ...common, ...withPrograms, displayName: 'e2e', testMatch: ['<rootDir>/test/e2e/**/*.e2e-spec.ts'] },
  ],
};
