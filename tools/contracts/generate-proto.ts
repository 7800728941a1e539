import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { generateProto } from '@muster/contracts/proto.js';

/** Writes the .proto of each service that has kinds. The policy service has none: its file is written by hand. */
const folder = join(import.meta.dirname, '..', '..', '..', 'libs', 'contracts', 'proto', 'muster');
for (const service of ['catalog', 'content', 'deployment'] as const) {
  const file = join(folder, service, 'v1', `${service}.proto`);
  mkdirSync(dirname(file), { recursive: true });
  writeFileSync(file, generateProto(service));
}
