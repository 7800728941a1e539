import { arch, cpus, hostname, platform, release, totalmem, version } from 'node:os';
import type { DeviceFacts } from '@muster/contracts/kinds/device.js';
import { AGENT_VERSION } from '../config.js';
import { linuxFacts } from './linux.js';

/** What the agent says of this computer. Windows and macOS: what Node knows of them. */
export function deviceFacts(): DeviceFacts {
  const system =
    platform() === 'linux' ? linuxFacts() : { osName: version().slice(0, 128), osVersion: release().slice(0, 64) };
  return {
    hostname: hostname().slice(0, 255),
    platform: platform(),
    architecture: arch(),
    memoryMegabytes: Math.round(totalmem() / 1024 / 1024),
    processors: cpus().length,
    agentVersion: AGENT_VERSION,
    ...system,
  };
}

/** Changes with every start of the computer; undefined where the system has no such id. */
export function currentBootId(): string | undefined {
  return platform() === 'linux' ? linuxFacts().bootId : undefined;
}
