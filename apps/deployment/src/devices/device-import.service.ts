import { resourceEvents } from '@muster/contracts/events/resource-events.js';
import { device, type DeviceSpec, type DeviceStatus } from '@muster/contracts/kinds/device.js';
import type { DeviceImportResult, ImportedDevice } from '@muster/contracts/kinds/device-import.js';
import { hardwareIds } from '@muster/contracts/kinds/hardware-identity.js';
import type { Resource, ResourceInput } from '@muster/contracts/resource.js';
import type { Database, Transaction } from '@muster/persistence/database.js';
import type { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import type { ResourceStore } from '@muster/service/resources/resource-store.js';
import type { Membership } from '../membership/membership.js';
import type { Variables } from '../variables/variables.service.js';
import type { DeviceHardwareRepository, NamedHardware } from './device-hardware.repository.js';
import { hardwareTaken } from './hardware-taken.js';
import { isUnchanged, mergeImport } from './merge-import.js';

type Input = ResourceInput<DeviceSpec>;
type Result = DeviceImportResult['results'][number];

const events = resourceEvents(device);

/** Makes and changes the records of a list of devices. New ones are written together, whatever their number. */
export class DeviceImport {
  constructor(
    private readonly devices: ResourceStore<DeviceSpec, DeviceStatus>,
    private readonly hardware: DeviceHardwareRepository,
    private readonly membership: Membership,
    private readonly variables: Variables,
    private readonly database: Database,
    private readonly outbox: Outbox,
  ) {}

  /** One result for each, in their order. A line that is refused keeps no other back; repeating the list changes nothing. */
  async take(
    lines: readonly ImportedDevice[],
    { actor, dryRun }: { actor: string; dryRun: boolean },
  ): Promise<DeviceImportResult> {
    const found = await this.devices.rows.findMany(
      this.database,
      lines.map(({ name }) => name),
    );
    const current = new Map(found.map((one) => [one.metadata.name, one]));
    const results = new Map<ImportedDevice, Result>();
    const added: { line: ImportedDevice; input: Input }[] = [];
    const names = new Set<string>();
    for (const line of lines) {
      const existing = current.get(line.name);
      const input = mergeImport(existing, line);
      if (names.has(line.name)) results.set(line, refused(line, again(line.name)));
      else if (existing) results.set(line, await this.change(existing, input, { actor, dryRun }));
      else added.push({ line, input: await this.devices.seal(input) });
      names.add(line.name);
    }
    const refusals = await this.add(
      added.map(({ input }) => input),
      actor,
      dryRun,
    );
    for (const { line, input } of added) {
      const error = refusals.get(input);
      results.set(line, error ? refused(line, error) : { name: line.name, outcome: 'created' });
    }
    return { results: lines.flatMap((line) => results.get(line) ?? []) };
  }

  private async change(
    existing: Resource<DeviceSpec, DeviceStatus>,
    input: Input,
    options: { actor: string; dryRun: boolean },
  ): Promise<Result> {
    const { name, resourceVersion } = existing.metadata;
    if (isUnchanged(existing, input)) return { name, outcome: 'unchanged' };
    try {
      const { resource } = await this.devices.apply(input, options);
      return { name, outcome: resource.metadata.resourceVersion === resourceVersion ? 'unchanged' : 'changed' };
    } catch (error) {
      if (error instanceof MusterError && error.category !== 'unavailable') return refused({ name }, error);
      throw error;
    }
  }

  /** Writes new records in one transaction; answers why some were not. */
  private async add(inputs: readonly Input[], actor: string, dryRun: boolean): Promise<Map<Input, MusterError>> {
    if (inputs.length === 0) return new Map();
    return this.database.transaction(async (tx) => {
      await this.membership.lock(tx);
      const refusals = await this.judge(tx, inputs);
      const good = inputs.filter((input) => !refusals.has(input));
      if (!dryRun && good.length > 0) await this.write(tx, good, actor);
      return refusals;
    });
  }

  private async judge(tx: Transaction, inputs: readonly Input[]): Promise<Map<Input, MusterError>> {
    const names = inputs.map(({ metadata }) => metadata.name);
    const existing = new Set((await this.devices.rows.findMany(tx, names)).map(({ metadata }) => metadata.name));
    const owners = await this.hardware.findNamed(
      tx,
      inputs.flatMap(({ spec }) => hardwareIds(spec.identity)),
    );
    const claimed = new Map<string, NamedHardware>(owners.map((owner) => [owner.hardware, owner]));
    const refusals = new Map<Input, MusterError>();
    for (const input of inputs) {
      const { name } = input.metadata;
      const taken = hardwareTaken(name, input.spec.identity, [...claims(claimed, input)], this.hardware.shared);
      if (taken) refusals.set(input, taken);
      else if (existing.has(name)) refusals.set(input, again(name));
      else
        for (const hardware of hardwareIds(input.spec.identity))
          claimed.set(hardware, { hardware, name, uid: '', enrolled: false });
    }
    return refusals;
  }

  private async write(tx: Transaction, inputs: readonly Input[], actor: string): Promise<void> {
    const merged = inputs.map((input) => this.variables.merge(undefined, input));
    const resources = await this.devices.rows.insertMany(
      tx,
      merged.map((input) => ({ input, status: { enrolled: false } })),
    );
    await this.hardware.nameMany(
      tx,
      resources.flatMap(({ metadata, spec }) =>
        hardwareIds(spec.identity).map((id) => ({ deviceUid: metadata.uid, id })),
      ),
    );
    await this.variables.saved(
      tx,
      resources.map(({ metadata: { uid, name }, spec }) => ({
        owner: { kind: 'Device', uid, name },
        spec,
        previous: undefined,
      })),
    );
    await this.outbox.addMany(
      tx,
      events.saved,
      resources.map((resource) => ({ resource, actor })),
    );
    await this.membership.devicesAppeared(
      tx,
      resources.map(({ metadata }) => metadata),
    );
  }
}

function* claims(claimed: ReadonlyMap<string, NamedHardware>, { spec }: Input): Generator<NamedHardware> {
  for (const id of hardwareIds(spec.identity)) {
    const owner = claimed.get(id);
    if (owner) yield owner;
  }
}

function again(name: string): MusterError {
  return new MusterError(
    'conflict',
    'resource.name-taken',
    `Device "${name}" was made in the meantime, or is twice in the list. Import again`,
  );
}

function refused({ name }: { name: string }, { code, message }: MusterError): Result {
  return { name, outcome: 'refused', code, message };
}
