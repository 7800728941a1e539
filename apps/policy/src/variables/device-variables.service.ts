import { Inject, Injectable } from '@nestjs/common';
import type { PolicyVariables } from '@muster/contracts/agent/policy.js';
import { sealedFor } from '@muster/contracts/events/variables-changed.js';
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

  /** What a device is told. Without a key of its own it learns the names of hidden variables, and must wait. */
  async tell(
    deviceUid: string,
    sets: readonly VariableSet[],
    key: SealingKey | null,
  ): Promise<PolicyVariables | undefined> {
    if (sets.length === 0) return undefined;
    const told = tellVariables(sets);
    if (key === null) return told;
    const hidden = await hiddenValues(sets, async (owner, name, sealed) => {
      const opened = await this.sealing.open(sealed, sealedFor(owner, name));
      if ('value' in opened) return opened.value;
      this.logger.error(
        { deviceUid, owner, variable: name, problem: opened.problem },
        'a hidden variable cannot be opened; devices that need it wait until its value is given again',
      );
      return undefined;
    });
    return hidden ? { ...told, sealed: await seal(hidden, key) } : told;
  }
}
