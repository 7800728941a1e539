import { applyDataImage } from './apply-data-image/definition.js';
import { applyDriverPackage } from './apply-driver-package/definition.js';
import { applyNetworkSettings } from './apply-network-settings/definition.js';
import { applyOperatingSystemImage } from './apply-operating-system-image/definition.js';
import { applyWindowsSettings } from './apply-windows-settings/definition.js';
import { autoApplyDrivers } from './auto-apply-drivers/definition.js';
import { captureNetworkSettings } from './capture-network-settings/definition.js';
import { captureOperatingSystemImage } from './capture-operating-system-image/definition.js';
import { captureUserState } from './capture-user-state/definition.js';
import { captureWindowsSettings } from './capture-windows-settings/definition.js';
import { convertDisk } from './convert-disk/definition.js';
import type { StepDefinition } from './definition.js';
import { disableBitLocker } from './disable-bit-locker/definition.js';
import { enableBitLocker } from './enable-bit-locker/definition.js';
import { formatAndPartitionDisk } from './format-and-partition-disk/definition.js';
import { installDeploymentTools } from './install-deployment-tools/definition.js';
import { preProvisionBitLocker } from './pre-provision-bit-locker/definition.js';
import { prepareClientForCapture } from './prepare-client-for-capture/definition.js';
import { prepareWindowsForCapture } from './prepare-windows-for-capture/definition.js';
import { releaseStateStore } from './release-state-store/definition.js';
import { requestStateStore } from './request-state-store/definition.js';
import { restoreUserState } from './restore-user-state/definition.js';
import { setupWindowsAndConfigMgr } from './setup-windows-and-config-mgr/definition.js';
import { upgradeOperatingSystem } from './upgrade-operating-system/definition.js';

/** The types that install systems (Disks, User State, Images, Drivers, Settings), in the order of the editor's menu. */
export const DEPLOYMENT_STEP_DEFINITIONS: readonly StepDefinition[] = [
  formatAndPartitionDisk,
  convertDisk,
  enableBitLocker,
  disableBitLocker,
  preProvisionBitLocker,
  requestStateStore,
  captureUserState,
  restoreUserState,
  releaseStateStore,
  applyOperatingSystemImage,
  applyDataImage,
  setupWindowsAndConfigMgr,
  upgradeOperatingSystem,
  installDeploymentTools,
  prepareClientForCapture,
  prepareWindowsForCapture,
  captureOperatingSystemImage,
  autoApplyDrivers,
  applyDriverPackage,
  captureNetworkSettings,
  captureWindowsSettings,
  applyNetworkSettings,
  applyWindowsSettings,
];
