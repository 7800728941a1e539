import type { Truth } from './conditions/evaluate.js';
import type { Instruction } from './plan.js';
import type { Run } from './run.js';

/** What the engine decided about a node it came to. */
export type NodeDecision = 'disabled' | 'skipped' | 'entered' | 'failed';

/**
 * Sees the engine decide, for explain. It is called while the state is in the making: it must look at it at once, and
 * change nothing.
 */
export interface Observer {
  /** `truth` is the outcome of the node's condition, absent where it was not looked at. */
  onNode(instruction: Instruction, decision: NodeDecision, run: Run, truth: Truth | undefined): void;
}
