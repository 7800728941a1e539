import { z } from 'zod';

/** What was sent to wake a device. */
export const deviceWakeUpSchema = z
  .strictObject({
    packets: z.array(
      z.strictObject({
        mac: z.string(),
        address: z.string().describe('The last address of the device, or the broadcast address of its subnet'),
        port: z.int().describe('UDP'),
      }),
    ),
    sent: z.int().describe('How many of them went out; nobody answers such packets'),
    neighbours: z.int().describe('Devices of the same network that were asked to send packets too'),
  })
  .meta({ id: 'DeviceWakeUp' });

export type DeviceWakeUp = z.infer<typeof deviceWakeUpSchema>;
