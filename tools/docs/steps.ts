import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { stepReference } from './step-reference.js';

/** `npm run docs:steps`: writes docs/steps.md from the registry of step types. */
const file = join(import.meta.dirname, '..', '..', '..', 'docs', 'steps.md');
writeFileSync(file, await stepReference());
process.stdout.write('docs/steps.md written\n');
