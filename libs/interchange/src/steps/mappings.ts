import type { SourceStep } from '../source/source-step.js';
import { DISK_MAPPINGS } from './disks.js';
import { DRIVER_AND_SETTINGS_MAPPINGS } from './drivers-and-settings.js';
import { GENERAL_MAPPINGS } from './general.js';
import { IMAGE_MAPPINGS } from './images.js';
import type { StepMapping } from './mapping.js';
import { MDT_MAPPINGS, MDT_SCRIPT_MAPPINGS } from './mdt.js';
import { commandOf, runCommandLineMapping } from './run-command-line.js';
import { SOFTWARE_MAPPINGS } from './software.js';
import { USER_STATE_MAPPINGS } from './user-state.js';

/** Every mapping by types. Adding one = an entry in the table of its category. */
export const STEP_MAPPINGS: readonly StepMapping[] = [
  ...GENERAL_MAPPINGS,
  ...SOFTWARE_MAPPINGS,
  ...DISK_MAPPINGS,
  ...USER_STATE_MAPPINGS,
  ...IMAGE_MAPPINGS,
  ...DRIVER_AND_SETTINGS_MAPPINGS,
  ...MDT_MAPPINGS,
];

/** The mappings to one type of ours, those of ConfigMgr first. */
export function mappingsTo(type: string): StepMapping[] {
  return [...STEP_MAPPINGS, ...MDT_SCRIPT_MAPPINGS].filter(({ to }) => to === type);
}

const byType = new Map(STEP_MAPPINGS.flatMap((mapping) => mapping.from.map((type) => [type.toLowerCase(), mapping])));

/** The mapping for a step: by the MDT script that it runs, else by its type. Undefined when it keeps its type. */
export function mappingOf(step: SourceStep): StepMapping | undefined {
  const mapping = byType.get(step.type.toLowerCase());
  if (mapping !== runCommandLineMapping) return mapping;
  const { line } = commandOf(step);
  return MDT_SCRIPT_MAPPINGS.find(({ script }) => script.test(line)) ?? mapping;
}
