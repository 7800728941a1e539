import { executeCheckReadiness } from './check-readiness/execute.js';
import { executeConnectNetworkFolder } from './connect-network-folder/execute.js';
import { executeDownloadPackageContent } from './download-package-content/execute.js';
import { executeInstallApplication } from './install-application/execute.js';
import { executeInstallPackage } from './install-package/execute.js';
import { executeInstallSoftwareUpdates } from './install-software-updates/execute.js';
import { executeJoinDomain } from './join-domain/execute.js';
import { executeRunCommandLine } from './run-command-line/execute.js';
import { executeRunScript } from './run-script/execute.js';
import { executeSetDynamicVariables } from './set-dynamic-variables/execute.js';
import type { StepExecutor } from './executor.js';

/** Executors by step type: one for every type whose definition says `execution: 'executor'` (a test compares). */
export const EXECUTORS: Readonly<Record<string, StepExecutor>> = {
  RunCommandLine: executeRunCommandLine,
  RunScript: executeRunScript,
  SetDynamicVariables: executeSetDynamicVariables,
  JoinDomain: executeJoinDomain,
  ConnectNetworkFolder: executeConnectNetworkFolder,
  CheckReadiness: executeCheckReadiness,
  InstallApplication: executeInstallApplication,
  InstallPackage: executeInstallPackage,
  InstallSoftwareUpdates: executeInstallSoftwareUpdates,
  DownloadPackageContent: executeDownloadPackageContent,
};
