import type { StepNode } from '@muster/sequence/model.js';

/** What the attributes of a step say about how it runs; its mapping adds what it does. */
export type StepFrame = Omit<StepNode, 'type' | 'settings'>;
