import { nameKey } from '@muster/sequence/names.js';
import { MASK, maskSecrets } from '@muster/sequence/variables.js';
import { reasonOf } from '../journal/journal-error.js';
import { StepError } from '../steps/step-error.js';
import type { StepVariables } from '../steps/step-variables.js';
import {
  type ListedVariable,
  PROTOCOL_LIMITS,
  type TsenvAnswer,
  TsenvError,
  type TsenvRequest,
  parseRequest,
} from './protocol.js';

/** What a script of a step can reach. */
export interface ScriptScope {
  readonly variables: StepVariables;
  /** All texts to mask, longest first, those made during the step included. */
  secrets(): readonly string[];
  /** One clean line; see StepProgress. */
  progress(message: string, step: number | undefined, of: number | undefined): void;
}

/** Does what one line asks. Never throws: what is wrong is the answer. */
export function answerLine(line: Uint8Array, scope: ScriptScope): TsenvAnswer {
  try {
    return { ok: true, ...carryOut(parseRequest(line), scope) };
  } catch (error) {
    const known = error instanceof StepError || error instanceof TsenvError;
    return { ok: false, code: known ? error.code : 'tsenv.failed', message: reasonOf(error) };
  }
}

function carryOut(request: TsenvRequest, scope: ScriptScope): Record<string, unknown> {
  const { variables } = scope;
  switch (request.op) {
    case 'get': {
      const found = variables.read(request.name);
      return found ? { value: found.value, ...(found.secret ? { secret: true } : {}) } : { value: null };
    }
    case 'set':
      variables.set(request.name, request.value, mustBeSecret(request.name, request.value, request.secret, scope));
      return {};
    case 'unset':
      variables.set(request.name, '');
      return {};
    case 'list':
      return list(request.secrets === true, request.after, scope);
    case 'expand': {
      const { text, secret, undefinedNames } = variables.expand(request.text, request.whenUndefined ?? 'literal');
      return { text, ...(secret ? { secret } : {}), undefined: [...new Set(undefinedNames)] };
    }
    case 'progress':
      scope.progress(cleanMessage(request.message, scope.secrets()), request.step, request.of);
      return {};
    case 'request-reboot':
      variables.set('SMSTSRebootRequested', request.target === 'pe' ? 'WinPE' : 'HD');
      return {};
    case 'request-retry':
      variables.set('SMSTSRetryRequested', 'true');
      return {};
  }
}

/** A secret stays one whatever it is overwritten with, and what a secret went into is one. */
function mustBeSecret(name: string, value: string, asked: boolean | undefined, scope: ScriptScope): boolean {
  return asked === true || scope.variables.read(name)?.secret === true || maskSecrets(value, scope.secrets()) !== value;
}

/** As many variables as fit into a line, by name; `next` when there are more: ask again with it as `after`. */
function list(
  withSecrets: boolean,
  after: string | undefined,
  scope: ScriptScope,
): { variables: ListedVariable[]; next?: string } {
  const secrets = scope.secrets();
  const all = scope.variables
    .list()
    .map((variable) => ({ key: nameKey(variable.name), variable }))
    .sort((a, b) => (a.key < b.key ? -1 : 1));
  const start = after === undefined ? '' : nameKey(after);
  const variables: ListedVariable[] = [];
  // Room for the braces around them and for `next`.
  let room = PROTOCOL_LIMITS.lineBytes - 1000;
  for (const { key, variable } of all) {
    if (after !== undefined && key <= start) continue;
    const { name, value, secret } = variable;
    const shown = withSecrets ? value : secret ? MASK : maskSecrets(value, secrets);
    const listed: ListedVariable = { name, value: shown, ...(secret ? { secret: true } : {}) };
    room -= Buffer.byteLength(JSON.stringify(listed)) + 1;
    const last = variables.at(-1);
    if (room < 0 && last) return { variables, next: last.name };
    variables.push(listed);
  }
  return { variables };
}

/** A script must not be able to move the cursor of whoever watches. */
function cleanMessage(message: string, secrets: readonly string[]): string {
  return maskSecrets(message, secrets)
    .replaceAll(/[\p{Cc}\p{Zl}\p{Zp}\p{Bidi_Control}]+/gu, ' ')
    .trim()
    .slice(0, PROTOCOL_LIMITS.messageCharacters);
}
