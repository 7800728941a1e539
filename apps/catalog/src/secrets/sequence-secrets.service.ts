import { randomBytes } from 'node:crypto';
import { Inject, Injectable } from '@nestjs/common';
import type { ProblemFinding } from '@muster/contracts/problem.js';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import { sealedForStep } from '@muster/contracts/requests/read-sequence.js';
import type { ResourceInput } from '@muster/contracts/resource.js';
import type { SealedSecret } from '@muster/contracts/sealing.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { MusterError } from '@muster/platform/errors.js';
import { newSealedName, sealedReference, sealedSecretNames } from '@muster/sequence/edit/sealed-reference.js';
import { misplacedSecrets, openSecrets, sealedPlaces } from '@muster/sequence/edit/sealed-secrets.js';
import { withValues } from '@muster/sequence/edit/strip-secrets.js';
import type { SequenceSpec } from '@muster/sequence/model.js';
import type { SealedValues } from '@muster/service/replication/replicated-resource.js';
import { seal } from '@muster/service/sealing/seal.js';
import { SequenceRevisionRepository } from '../task-sequences/sequence-revision.repository.js';
import { SealedSecretRepository } from './sealed-secret.repository.js';

/** Of one question; a sequence with more passwords gets new references for the rest. */
const COMPARED_AT_ONCE = 500;

/**
 * The secrets of steps: passwords, PINs, product keys. Each is sealed to the policy service before anything else sees its
 * document, and a reference stands in its place: in the specification, its revisions, policy bodies and facts.
 */
@Injectable()
export class SequenceSecrets {
  /** New secrets, sealed, by the specification that they were taken out of. */
  private readonly given = new WeakMap<object, ReadonlyMap<string, string>>();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(SealedSecretRepository) private readonly repository: SealedSecretRepository,
    @Inject(SequenceRevisionRepository) private readonly revisions: SequenceRevisionRepository,
  ) {}

  /**
   * @throws MusterError `sequence.secret-misplaced`, `sequence.unknown-secret` with findings; `bus.no-answer` when policy does
   *   not say its key
   */
  async seal(input: ResourceInput<SequenceSpec>): Promise<ResourceInput<SequenceSpec>> {
    await this.refuseWrongReferences(input);
    const open = openSecrets(input.spec);
    if (open.size === 0) return input;
    const { key } = await this.bus.request(readSealingKey, {});
    const places = new Map<string, { name: string; sealed: string }>();
    for (const [place, value] of open) {
      const name = newSealedName(randomBytes(12).toString('base64url'));
      const secret: SealedSecret = { for: sealedForStep(name), value };
      places.set(place, { name, sealed: await seal(secret, key) });
    }
    const kept = await this.unchanged(input.metadata.name, places);
    const nameAt = (place: string, name: string): string => kept.get(place) ?? name;
    const spec = withValues(
      input.spec,
      new Map([...places].map(([place, { name }]) => [place, sealedReference(nameAt(place, name))])),
    );
    const fresh = [...places].filter(([place]) => !kept.has(place));
    this.given.set(spec, new Map(fresh.map(([, { name, sealed }]) => [name, sealed])));
    return { ...input, spec };
  }

  /** Part of the transaction that saves the specification. */
  async saved(tx: Transaction, spec: SequenceSpec): Promise<void> {
    const given = this.given.get(spec);
    if (given && given.size > 0) await this.repository.add(tx, given);
  }

  /** What other sites get of secrets: values as they are kept. */
  async sealedValues(tx: Transaction, spec: SequenceSpec): Promise<SealedValues | undefined> {
    const names = sealedSecretNames(spec);
    return names.length === 0 ? undefined : Object.fromEntries(await this.repository.find(tx, names));
  }

  /** Another site sent this specification with these values. */
  giveSealed(spec: SequenceSpec, values: SealedValues): void {
    this.given.set(spec, new Map(Object.entries(values)));
  }

  /** The sealed secrets that a specification refers to. */
  async of(spec: SequenceSpec): Promise<Record<string, string>> {
    return Object.fromEntries(await this.repository.find(this.database, sealedSecretNames(spec)));
  }

  /** Places whose secret is the one that stands there already, with its name. */
  private async unchanged(
    sequence: string,
    places: ReadonlyMap<string, { name: string; sealed: string }>,
  ): Promise<Map<string, string>> {
    const current = await this.revisions.findNewest(this.database, sequence);
    const before = current ? sealedPlaces(current.spec) : new Map<string, string>();
    const stored = await this.repository.find(this.database, [...before.values()]);
    const pairs = [...places].flatMap(([place, now]) => {
      const name = before.get(place);
      const sealed = name === undefined ? undefined : stored.get(name);
      return name === undefined || sealed === undefined ? [] : [{ place, name, sealed, now }];
    });
    const asked = pairs.slice(0, COMPARED_AT_ONCE);
    if (asked.length === 0) return new Map();
    const { same } = await this.bus.request(compareSecrets, {
      pairs: asked.map(({ name, sealed, now }) => [
        { sealed, for: sealedForStep(name) },
        { sealed: now.sealed, for: sealedForStep(now.name) },
      ]),
    });
    return new Map(asked.flatMap(({ place, name }, index) => (same[index] ? [[place, name] as const] : [])));
  }

  private async refuseWrongReferences({ metadata, spec }: ResourceInput<SequenceSpec>): Promise<void> {
    const [misplaced] = misplacedSecrets(spec);
    if (misplaced !== undefined) {
      throw new MusterError(
        'invalid',
        'sequence.secret-misplaced',
        `TaskSequence "${metadata.name}": %${misplaced}% stands for a secret and may only stand in a setting that holds one. ` +
          'To use a secret in a command, make it a hidden variable of a device or a collection',
      );
    }
    const places = sealedPlaces(spec);
    const known = await this.repository.find(this.database, [...new Set(places.values())]);
    const findings = [...places]
      .filter(([, name]) => !known.has(name))
      .map(([path]): ProblemFinding => ({
        path,
        code: 'sequence.unknown-secret',
        severity: 'error',
        message: 'it stands for a secret that this site does not have',
        fix: 'Write the secret itself; it is sealed when it is saved',
      }));
    const [first] = findings;
    if (!first) return;
    const message = `TaskSequence "${metadata.name}": ${first.path}: ${first.message}. ${first.fix}`;
    throw new MusterError('invalid', 'sequence.unknown-secret', message, { findings });
  }
}
