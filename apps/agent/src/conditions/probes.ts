import {
  type ProbeAnswer,
  type WorldExpression,
  type WorldExpressionKind,
  type WorldExpressionOf,
  expressionKind,
} from '@muster/sequence/conditions/model.js';
import { reasonOf } from '../journal/journal-error.js';
import { probeFacts } from './facts.js';
import { probeFile } from './file.js';
import { probeFolder } from './folder.js';
import { probeOsLanguage } from './os-language.js';
import { probeOs } from './os.js';
import { probeSoftware } from './software.js';
import { ProbeError } from './probe-error.js';
import { type System, thisSystem } from '../facts/system.js';
import { probeRegistry } from './windows/registry.js';
import { probeWmi } from './windows/wmi.js';

/** How this computer answers each kind of expression; adding a kind is one file and one entry. May throw. */
type Probes = {
  readonly [K in WorldExpressionKind]: (expression: WorldExpressionOf<K>, system: System) => Promise<ProbeAnswer>;
};

const probes: Probes = {
  file: probeFile,
  folder: (expression) => probeFolder(expression),
  software: probeSoftware,
  os: async (expression, system) => probeOs(expression, system),
  osLanguage: probeOsLanguage,
  facts: (expression) => probeFacts(expression),
  registry: probeRegistry,
  wmi: probeWmi,
};

/** Longer than any program that a probe starts: only a file system that hangs takes that long. */
const deadlineSeconds = 90;

/** Answers one question about this computer. Never throws, never hangs: what cannot be answered says why. */
export async function answerProbe(question: WorldExpression, system: System = thisSystem): Promise<ProbeAnswer> {
  const kind = expressionKind(question) as WorldExpressionKind;
  const probe = probes[kind] as (expression: WorldExpression, system: System) => Promise<ProbeAnswer>;
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<ProbeAnswer>((resolve) => {
    const error = { code: 'condition.probe-failed', message: `no answer within ${deadlineSeconds} s` };
    timer = setTimeout(() => resolve({ error }), deadlineSeconds * 1000);
  });
  try {
    return bounded(await Promise.race([probe(question, system), late]));
  } catch (error) {
    const code = error instanceof ProbeError ? error.code : 'condition.probe-failed';
    return bounded({ error: { code, message: reasonOf(error) } });
  } finally {
    clearTimeout(timer);
  }
}

/** Answers are kept in the journal: a file of a long name, or a program that says much, must not make it unreadable. */
function bounded(answer: ProbeAnswer): ProbeAnswer {
  if ('error' in answer) return { error: { ...answer.error, message: answer.error.message.slice(0, 1000) } };
  return answer.actual === undefined ? answer : { ...answer, actual: answer.actual.slice(0, 500) };
}
