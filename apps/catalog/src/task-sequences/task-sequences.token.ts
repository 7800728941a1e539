/** The ResourceStore of task sequences. */
export const TASK_SEQUENCES = Symbol('task sequences');
