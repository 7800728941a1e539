import { Inject, Injectable } from '@nestjs/common';
import { sameJson } from '@muster/contracts/digest.js';
import {
  sealedFor,
  variablesChanged,
  type ToldVariable,
  type VariableOwner,
} from '@muster/contracts/events/variables-changed.js';
import { withoutHiddenValues, type DeviceVariable } from '@muster/contracts/kinds/variables.js';
import { compareSecrets } from '@muster/contracts/requests/compare-secrets.js';
import { readSealingKey } from '@muster/contracts/requests/read-sealing-key.js';
import type { ResourceInput } from '@muster/contracts/resource.js';
import type { SealedSecret } from '@muster/contracts/sealing.js';
import { Bus } from '@muster/messaging/bus.js';
import { Database, type Transaction } from '@muster/persistence/database.js';
import { Outbox } from '@muster/persistence/outbox.js';
import { MusterError } from '@muster/platform/errors.js';
import { nameKey } from '@muster/sequence/names.js';
import type { SealedValues } from '@muster/service/replication/replicated-resource.js';
import { seal } from '@muster/service/sealing/seal.js';
import { mergeVariables } from './merge-variables.js';
import { SealedVariableRepository } from './sealed-variable.repository.js';

/** What devices and collections have in common here. */
interface VariablesSpec {
  variables?: DeviceVariable[] | undefined;
  variablesPriority?: number | undefined;
}

/** Whoever has variables, as it is saved. */
export interface SavedOwner {
  readonly owner: VariableOwner;
  readonly spec: VariablesSpec;
  /** As it was; undefined: it is new. */
  readonly previous: VariablesSpec | undefined;
}

/** A new value of a hidden variable. */
interface GivenValue {
  readonly sealed: string;
  /** It is the value that was given at this moment: while the variable still has that one, nothing changes. */
  readonly sameAs?: string | undefined;
}

/** Of one question. */
const COMPARED_AT_ONCE = 500;

/** All variables of one owner as they travel, in characters of JSON: a fact must fit into one message. */
const MOST_CHARACTERS = 1024 * 1024;

/**
 * The variables of devices and collections. A hidden value is sealed to the policy service before anything else sees its
 * document; from then on this service has only what it cannot open.
 */
@Injectable()
export class Variables {
  /** New hidden values, sealed, by the specification that they were taken out of. */
  private readonly given = new WeakMap<object, ReadonlyMap<string, GivenValue>>();

  constructor(
    @Inject(Database) private readonly database: Database,
    @Inject(SealedVariableRepository) private readonly repository: SealedVariableRepository,
    @Inject(Bus) private readonly bus: Bus,
    @Inject(Outbox) private readonly outbox: Outbox,
  ) {}

  /** Takes hidden values out of a document. Throws MusterError `bus.no-answer` when policy does not say its key. */
  async seal<Spec extends VariablesSpec>(input: ResourceInput<Spec>): Promise<ResourceInput<Spec>> {
    const { variables } = input.spec;
    if (!variables?.some(({ hidden, value }) => hidden && value !== undefined)) return input;
    const { key } = await this.bus.request(readSealingKey, {});
    const owner = { kind: input.kind as VariableOwner['kind'], name: input.metadata.name };
    const sealed = new Map<string, string>();
    for (const { name, hidden, value } of variables) {
      if (!hidden || value === undefined) continue;
      const secret: SealedSecret = { for: sealedFor(owner, name), value };
      sealed.set(nameKey(name), await seal(secret, key));
    }
    const same = await this.unchanged(owner, sealed);
    const given = new Map([...sealed].map(([name, text]) => [name, { sealed: text, sameAs: same.get(name) }] as const));
    const spec = { ...input.spec, variables: withoutHiddenValues(variables) };
    this.given.set(spec, given);
    return { ...input, spec };
  }

  /** Throws MusterError `variable.value-missing` (400) with a finding for each hidden variable that never had a value. */
  merge<Spec extends VariablesSpec>(
    current: { readonly spec: Spec } | undefined,
    input: ResourceInput<Spec>,
  ): ResourceInput<Spec> {
    if (!input.spec.variables) return input;
    const before = current?.spec.variables ?? [];
    const setAt = new Map(before.map((one) => [nameKey(one.name), one.setAt]));
    const given = new Map(
      [...(this.given.get(input.spec) ?? [])].filter(
        ([name, { sameAs }]) => sameAs === undefined || sameAs !== setAt.get(name),
      ),
    );
    const { variables, missing } = mergeVariables(before, input.spec.variables, new Set(given.keys()), new Date());
    refuseMissing(`${input.kind} "${input.metadata.name}"`, missing, variables);
    const spec = { ...input.spec, variables };
    this.given.set(spec, given);
    return { ...input, spec };
  }

  /** Part of the transaction that saves owners: keeps the sealed values and tells policy. */
  async saved(tx: Transaction, owners: readonly SavedOwner[]): Promise<void> {
    const changed = owners.filter(({ spec, previous }) => !sameJson(told(spec), told(previous ?? {})));
    if (changed.length === 0) return;
    await this.repository.save(
      tx,
      changed.map(({ owner, spec }) => ({
        ownerUid: owner.uid,
        given: new Map([...(this.given.get(spec) ?? [])].map(([name, { sealed }]) => [name, sealed])),
        wanted: (spec.variables ?? []).filter((one) => one.hidden).map(({ name }) => nameKey(name)),
      })),
    );
    await this.tell(tx, changed);
  }

  /** What other sites get of hidden variables: values as they are kept. */
  async sealedValues(tx: Transaction, ownerUid: string, spec: VariablesSpec): Promise<SealedValues | undefined> {
    if (!spec.variables?.some(({ hidden }) => hidden)) return undefined;
    return Object.fromEntries((await this.repository.read(tx, [ownerUid])).get(ownerUid) ?? []);
  }

  /** Another site sent this specification with these values. */
  giveSealed(spec: VariablesSpec, values: SealedValues): void {
    this.given.set(spec, new Map(Object.entries(values).map(([name, sealed]) => [name, { sealed }])));
  }

  /** Of an owner at another site: sealed values of before that are still wanted, and those that came with this specification. */
  stillSealed(spec: VariablesSpec, before: SealedValues): SealedValues {
    const given = this.given.get(spec);
    const hidden = (spec.variables ?? []).filter((one) => one.hidden).map(({ name }) => nameKey(name));
    return Object.fromEntries(
      hidden.flatMap((name) => {
        const sealed = given?.get(name)?.sealed ?? before[name];
        return sealed === undefined ? [] : [[name, sealed] as const];
      }),
    );
  }

  /** A record goes on under another uid. */
  async moved(tx: Transaction, fromUid: string, owner: VariableOwner, spec: VariablesSpec): Promise<void> {
    if (!spec.variables?.length) return;
    await this.repository.move(tx, fromUid, owner.uid);
    await this.tell(tx, [{ owner, spec }]);
  }

  /** The owner goes; the fact of that is enough for others. */
  async gone(tx: Transaction, ownerUid: string): Promise<void> {
    await this.repository.remove(tx, ownerUid);
  }

  /** Which of these values the owner has already, with the moment when they were given: policy compares what nobody here can open. */
  private async unchanged(
    owner: Pick<VariableOwner, 'kind' | 'name'>,
    sealed: ReadonlyMap<string, string>,
  ): Promise<Map<string, string>> {
    const current = await this.repository.current(this.database, owner.kind, owner.name);
    const pairs = [...sealed].flatMap(([name, now]) => {
      const before = current.get(name);
      return before ? [{ name, now, before }] : [];
    });
    const asked = pairs.slice(0, COMPARED_AT_ONCE);
    if (asked.length === 0) return new Map();
    const { same } = await this.bus.request(compareSecrets, {
      pairs: asked.map(({ name, now, before }) => [
        { sealed: before.sealed, for: sealedFor(owner, name) },
        { sealed: now, for: sealedFor(owner, name) },
      ]),
    });
    return new Map(asked.flatMap(({ name, before }, index) => (same[index] ? [[name, before.setAt] as const] : [])));
  }

  private async tell(tx: Transaction, owners: readonly Omit<SavedOwner, 'previous'>[]): Promise<void> {
    const sealed = await this.repository.read(
      tx,
      owners.map(({ owner }) => owner.uid),
    );
    const facts = owners.map(({ owner, spec }) => {
      const variables = (spec.variables ?? []).map(({ name, value, hidden }): ToldVariable => {
        if (!hidden) return { name, value: value ?? '' };
        const text = sealed.get(owner.uid)?.get(nameKey(name));
        if (text === undefined)
          throw new Error(`the hidden variable "${name}" of ${owner.kind} ${owner.uid} has no value`);
        return { name, sealed: text };
      });
      refuseTooLarge(owner, variables);
      return { owner, priority: spec.variablesPriority ?? 1, variables };
    });
    await this.outbox.addMany(tx, variablesChanged, facts);
  }
}

/** What policy is made of. */
function told({ variables = [], variablesPriority = 1 }: VariablesSpec): unknown {
  // Without any variable it does not matter how strong they are.
  return variables.length === 0 ? [] : { variables, variablesPriority };
}

function refuseMissing(document: string, missing: readonly number[], variables: readonly DeviceVariable[]): void {
  const [first] = missing;
  if (first === undefined) return;
  const messageOf = (index: number): string => `the hidden variable "${variables[index]?.name}" has no value yet`;
  const fix = 'Give its value once; later it may be left away, and stays';
  throw new MusterError('invalid', 'variable.value-missing', `${document}: ${messageOf(first)}. ${fix}`, {
    findings: missing.map((index) => ({
      path: `/spec/variables/${index}/value`,
      code: 'variable.value-missing',
      severity: 'error',
      message: messageOf(index),
      fix,
    })),
  });
}

function refuseTooLarge({ kind, name }: VariableOwner, variables: readonly ToldVariable[]): void {
  const characters = JSON.stringify(variables).length;
  if (characters <= MOST_CHARACTERS) return;
  throw new MusterError(
    'invalid',
    'variable.too-many-characters',
    `${kind} "${name}": all its variables together have ${characters} characters, sealed values as they are kept; ${MOST_CHARACTERS} are allowed. Move long texts into a package`,
  );
}
