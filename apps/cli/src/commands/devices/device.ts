import type { Command } from 'commander';
import type { Terminal } from '../../terminal.js';
import { addDeviceAccess } from './device-access.js';
import { addDeviceList } from './device-list.js';
import { addDeviceImport } from './device-import.js';

/** `muster device …`. */
export function registerDevice(program: Command, terminal: Terminal): void {
  const commands = program.command('device').description('import, list, approve and block computers');
  addDeviceImport(commands, terminal);
  addDeviceList(commands, terminal);
  addDeviceAccess(commands, terminal);
}
