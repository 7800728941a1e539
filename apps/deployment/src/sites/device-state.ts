import type { DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { Metadata } from '@muster/contracts/resource.js';

/** Site data: what is true of a device, as its own site knows it. Kept under the same key as what people wrote of it. */
export const DEVICE_STATE = 'DeviceState';

/** Of one device. */
export interface DeviceState extends Pick<Metadata, 'uid' | 'generation' | 'createdAt' | 'updatedAt'> {
  readonly status: DeviceStatus;
}
