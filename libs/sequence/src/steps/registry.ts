import { checkReadiness } from './check-readiness/definition.js';
import { connectNetworkFolder } from './connect-network-folder/definition.js';
import type { StepDefinition } from './definition.js';
import { downloadPackageContent } from './download-package-content/definition.js';
import { installApplication } from './install-application/definition.js';
import { installPackage } from './install-package/definition.js';
import { installSoftwareUpdates } from './install-software-updates/definition.js';
import { joinDomain } from './join-domain/definition.js';
import { foreignStepDefinition } from './foreign-step.js';
import { DEPLOYMENT_STEP_DEFINITIONS } from './registry-deployment.js';
import { restartComputer } from './restart-computer/definition.js';
import { runCommandLine } from './run-command-line/definition.js';
import { runScript } from './run-script/definition.js';
import { setDynamicVariables } from './set-dynamic-variables/definition.js';
import { setTaskSequenceVariable } from './set-task-sequence-variable/definition.js';

/** Every step type there is. Adding a type = a folder with a definition, and one entry here. */
export const STEP_DEFINITIONS: readonly StepDefinition[] = [
  // General
  runCommandLine,
  runScript,
  setDynamicVariables,
  setTaskSequenceVariable,
  joinDomain,
  connectNetworkFolder,
  restartComputer,
  checkReadiness,
  // Software
  installApplication,
  installPackage,
  installSoftwareUpdates,
  downloadPackageContent,
  // Disks, User State, Images, Drivers, Settings
  ...DEPLOYMENT_STEP_DEFINITIONS,
];

const byType = new Map<string, StepDefinition>(STEP_DEFINITIONS.map((definition) => [definition.type, definition]));

/** The definition of a type, or undefined for a type nobody registered. Names are case-sensitive. */
export function stepDefinition(type: string): StepDefinition | undefined {
  return byType.get(type) ?? foreignStepDefinition(type);
}

/** Names of all types, in the order of the registry. */
export function stepTypeNames(): string[] {
  return [...byType.keys()];
}
