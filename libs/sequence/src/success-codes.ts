import type { Instruction } from './plan.js';
import { stepDefinition } from './steps/registry.js';

type Step = Exclude<Instruction['step'], undefined>;

/**
 * The exit codes with which a step succeeds: its own, else those that what it runs has, else those of its type.
 *
 * @param told those of the program, as whoever ran it said
 */
export function successCodesOf(step: Step, told?: readonly number[]): readonly number[] {
  return step.successCodes ?? told ?? stepDefinition(step.type)?.defaults.successCodes ?? [0];
}

/** The exit code of a step that is assumed to succeed: 0 where that is success, else its first success code. */
export function assumedExitCode({ step }: Pick<Instruction, 'step'>): number {
  if (!step) return 0;
  const codes = successCodesOf(step);
  return codes.includes(0) ? 0 : (codes[0] ?? 0);
}
