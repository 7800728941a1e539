import { z } from 'zod';
import { descriptionParameter } from './parameters.js';
import type { SequenceTemplate } from './template.js';

const parameters = z.strictObject(descriptionParameter);

/** Custom: no steps. */
export const custom: SequenceTemplate<z.infer<typeof parameters>> = {
  name: 'custom',
  title: 'Custom',
  help: 'An empty sequence, to be filled.',
  parameters,
  build: (given) => ({ ...given, steps: [] }),
};
