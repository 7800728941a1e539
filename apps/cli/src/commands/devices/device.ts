import type { Command } from 'commander';
import type { Terminal } from '../../terminal.js';
import { addDeviceAccess, addRotateKey } from './device-access.js';
import { addRetrievePolicy } from './device-retrieve-policy.js';
import { addDeviceNotify } from './device-notify.js';
import { addDeviceMerge } from './device-merge.js';
import { addDeviceWake } from './device-wake.js';
import { addDeviceSoftware } from './device-software.js';
import { addDeviceSettings } from './device-settings.js';
import { addDeviceList } from './device-list.js';
import { addDeviceSummary } from './device-summary.js';
import { addDeviceImport } from './device-import.js';
import { addHistoryCommand } from './history.js';

/** `muster device …`. */
export function registerDevice(program: Command, terminal: Terminal): void {
  const commands = program.command('device').description('import, list, approve, block and wake computers');
  addDeviceImport(commands, terminal);
  addDeviceList(commands, terminal);
  addDeviceSummary(commands, terminal);
  addDeviceSettings(commands, terminal);
  addDeviceSoftware(commands, terminal);
  addDeviceAccess(commands, terminal);
  addDeviceMerge(commands, terminal);
  addRotateKey(commands, terminal);
  addRetrievePolicy(commands, terminal);
  addDeviceNotify(commands, terminal);
  addDeviceWake(commands, terminal);
  addHistoryCommand(commands, terminal);
}
