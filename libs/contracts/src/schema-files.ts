import { join } from 'node:path';

/** The JSON Schema of a TaskSequence document for editors: as committed, with the settings of every step type. */
export const TASK_SEQUENCE_SCHEMA_FILE = join(
  import.meta.dirname,
  '..',
  'schemas',
  'resources',
  'task-sequence-input.json',
);
