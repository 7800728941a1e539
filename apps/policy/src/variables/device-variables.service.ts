import { Inject, Injectable } from '@nestjs/common';
import type { PolicyVariables, SealedValues } from '@muster/contracts/agent/policy.js';
import { sealedFor } from '@muster/contracts/events/variables-changed.js';
import { sealedForStep } from '@muster/contracts/requests/read-sequence.js';
import type { SealingKey } from '@muster/contracts/sealing.js';
import { Database } from '@muster/persistence/database.js';
import { seal } from '@muster/service/sealing/seal.js';
import { LOGGER } from '@muster/service/tokens.js';
import type { Logger } from 'pino';
import { SiteSealing } from '../sealing/site-sealing.js';
import { hiddenValues, tellVariables } from './tell-variables.js';
import { VariableSetRepository, type VariableSet, type VariableSetReference } from './variable-set.repository.js';

/** The variables of one device: hidden ones are opened here for a moment, and sealed to the device's own key. */
@Injectable()
export class DeviceVariables {
  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(VariableSetRepository) private readonly sets: VariableSetRepository,
    @Inject(SiteSealing) private readonly sealing: SiteSealing,
    @Inject(LOGGER) private readonly logger: Logger,
  ) {}

  /** Undefined when the sets changed since the references were read: read those again. */
  async read(references: readonly VariableSetReference[]): Promise<VariableSet[] | undefined> {
    if (references.length === 0) return [];
    const sets = await this.sets.read(this.database, references);
    return sets.length === references.length ? sets : undefined;
  }

  /** What a device is told, without any secret. */
  names(sets: readonly VariableSet[], stepSecrets: readonly string[]): Omit<PolicyVariables, 'sealed'> {
    return { ...tellVariables(sets), ...(stepSecrets.length > 0 ? { secrets: [...stepSecrets] } : {}) };
  }

  /** What a device is told. Without a key of its own it learns the names of hidden variables, and must wait. */
  async tell(
    deviceUid: string,
    sets: readonly VariableSet[],
    stepSecrets: readonly string[],
    key: SealingKey | null,
  ): Promise<PolicyVariables | undefined> {
    if (sets.length === 0 && stepSecrets.length === 0) return undefined;
    const told = this.names(sets, stepSecrets);
    if (key === null) return told;
    const hidden = await hiddenValues(sets, (owner, name, sealed) =>
      this.open(sealed, sealedFor(owner, name), deviceUid),
    );
    const secrets = await this.openStepSecrets(stepSecrets, deviceUid);
    if (!hidden && Object.keys(secrets).length === 0) return told;
    const values: SealedValues = {
      ...(hidden ?? { device: {}, collections: {} }),
      ...(stepSecrets.length > 0 ? { secrets } : {}),
    };
    return { ...told, sealed: await seal(values, key) };
  }

  private async openStepSecrets(names: readonly string[], deviceUid: string): Promise<Record<string, string>> {
    if (names.length === 0) return {};
    const opened: Record<string, string> = {};
    for (const [name, sealed] of await this.sets.readStepSecrets(this.database, names)) {
      const value = await this.open(sealed, sealedForStep(name), deviceUid);
      if (value !== undefined) opened[name] = value;
    }
    return opened;
  }

  private async open(sealed: string, place: string, deviceUid: string): Promise<string | undefined> {
    const opened = await this.sealing.open(sealed, place);
    if ('value' in opened) return opened.value;
    this.logger.error(
      { deviceUid, secret: place, problem: opened.problem },
      'a secret cannot be opened; devices that need it wait until its value is given again',
    );
    return undefined;
  }
}
