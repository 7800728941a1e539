import type { KeyObject } from 'node:crypto';
import { type PolicyVariables, type SealedValues, sealedValuesSchema } from '@muster/contracts/agent/policy.js';
import { SEALING } from '@muster/contracts/sealing.js';
import { parseTolerant } from '@muster/contracts/tolerant.js';
import type { RunStarted } from '@muster/sequence/run.js';
import type { VariableInput } from '@muster/sequence/variables.js';
import { compactDecrypt } from 'jose';
import { AgentError, describeError } from '../identity/agent-error.js';

/**
 * The variables of a run as the engine takes them, hidden values opened. What this answers is for memory only.
 *
 * @throws AgentError `policy.secrets-missing` (the site has no value for this device, or not yet), `policy.secrets-unreadable`
 * (they are sealed to another key)
 */
export async function openVariables(told: PolicyVariables, key: KeyObject): Promise<RunStarted['variables']> {
  const values = told.sealed === undefined ? undefined : await open(told.sealed, key);
  return {
    device: toInput(told.device, values?.device, 'this device'),
    collections: told.collections.map(({ name, priority, variables }) => ({
      id: name,
      priority,
      variables: toInput(variables, values?.collections[name], `the collection "${name}"`),
    })),
    ...(told.secrets ? { secrets: stepSecrets(told.secrets, values?.secrets) } : {}),
  };
}

/** Why no run may begin with these variables, as the daemon finds it; undefined: one may. */
export async function secretsProblem(told: PolicyVariables, key: KeyObject): Promise<string | undefined> {
  try {
    await openVariables(told, key);
    return undefined;
  } catch (error) {
    const { code, message } = describeError(error);
    return `${message} (${code})`;
  }
}

async function open(sealed: string, key: KeyObject): Promise<SealedValues> {
  try {
    const { plaintext } = await compactDecrypt(sealed, key, {
      keyManagementAlgorithms: [SEALING.alg],
      contentEncryptionAlgorithms: [SEALING.enc],
    });
    return parseTolerant(sealedValuesSchema, JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(plaintext)));
  } catch {
    // What went wrong inside could quote a secret.
    throw new AgentError(
      'policy.secrets-unreadable',
      'the hidden variables in the policy are not sealed to the key of this computer; the site seals them anew after the next session',
    );
  }
}

function stepSecrets(
  names: readonly string[],
  values: Readonly<Record<string, string>> | undefined,
): Readonly<Record<string, string>> {
  return Object.fromEntries(
    names.map((name): [string, string] => {
      if (values && Object.hasOwn(values, name)) return [name, values[name] ?? ''];
      throw new AgentError(
        'policy.secrets-missing',
        'the policy has no value of a secret of a step: the site does not know the key of this computer yet, or cannot open the secret any more and it must be written again',
      );
    }),
  );
}

function toInput(
  variables: PolicyVariables['device'],
  values: Readonly<Record<string, string>> | undefined,
  whose: string,
): VariableInput {
  return Object.fromEntries(
    variables.map((variable): [string, VariableInput[string]] => {
      if (!('hidden' in variable)) return [variable.name, variable.value];
      if (!values || !Object.hasOwn(values, variable.name)) {
        throw new AgentError(
          'policy.secrets-missing',
          `the policy has no value of the hidden variable "${variable.name}" of ${whose}: the site does not know the key of this computer yet, or cannot open the value any more and it must be given again`,
        );
      }
      return [variable.name, { value: values[variable.name] ?? '', secret: true }];
    }),
  );
}
