import { executeInstallPackage } from './install-package/execute.js';
import { executeRunCommandLine } from './run-command-line/execute.js';
import type { StepExecutor } from './executor.js';

/** Executors by step type: one for every type whose definition says `execution: 'executor'` (a test compares). */
export const EXECUTORS: Readonly<Record<string, StepExecutor>> = {
  RunCommandLine: executeRunCommandLine,
  InstallPackage: executeInstallPackage,
};
