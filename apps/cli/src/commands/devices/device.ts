import type { Command } from 'commander';
import type { Terminal } from '../../terminal.js';
import { addDeviceImport } from './device-import.js';

/** `muster device …`. */
export function registerDevice(program: Command, terminal: Terminal): void {
  const commands = program.command('device').description('import computers');
  addDeviceImport(commands, terminal);
}
