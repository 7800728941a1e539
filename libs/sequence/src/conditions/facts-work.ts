import {
  type CelEnv,
  type CelFunc,
  type CelValue,
  CelScalar,
  celEnv,
  celFunc,
  celList,
  celMethod,
  isCelList,
  isCelMap,
  listType,
} from '@bufbuild/cel';
import { corrections, MOST_CHARACTERS_MADE } from './facts-corrections.js';
import { CHARGE } from './facts-syntax.js';

/**
 * Work that one query may make, in evaluated nodes of its tree (a microsecond or two each). A long query over a big computer
 * needs some thousand; loops in loops over lists written out in the query would need years.
 */
export const MAXIMUM_WORK = 100_000;

/** Elements of a list that a query may make. */
const maximumElements = 1000;
const maximumPattern = 250;

const { INT, BOOL, STRING, DYN } = CelScalar;
const LIST = listType(DYN);
const standard = celEnv();

/** What a query has left. */
export class Work {
  private left = MAXIMUM_WORK;

  /** @throws Error when there is nothing left; the evaluator makes an error of the query out of it. */
  spend(units: number): void {
    this.left -= units;
    if (this.exhausted) throw new Error('too much work');
  }

  get exhausted(): boolean {
    return this.left < 0;
  }
}

/** The standard functions, those that can be expensive paid from `work`. */
export function meteredEnvironment(work: Work): CelEnv {
  const compare = (name: string): CelFunc =>
    celFunc(name, [DYN, DYN], BOOL, (left, right) => {
      weigh(left, work);
      return standardly(name, undefined, [left, right]) as boolean;
    });
  const onTexts = (name: 'contains' | 'startsWith' | 'endsWith'): CelFunc =>
    celMethod(name, STRING, [STRING], BOOL, function (part) {
      work.spend(1 + this.length + part.length);
      return this[name === 'contains' ? 'includes' : name](part);
    });
  const funcs = [
    ...corrections(),
    celFunc(CHARGE, [INT, BOOL], BOOL, (price, goOn) => {
      work.spend(Number(price));
      return goOn;
    }),
    compare('_==_'),
    compare('_!=_'),
    celFunc('@in', [DYN, LIST], BOOL, (value, list) => {
      weigh(list, work);
      return standardly('@in', undefined, [value, list]) as boolean;
    }),
    celFunc('_+_', [LIST, LIST], LIST, (left, right) => {
      const size = left.size + right.size;
      work.spend(1 + size);
      if (size > maximumElements) throw new Error(`a list of more than ${maximumElements} elements`);
      return celList([...left, ...right]);
    }),
    celFunc('_+_', [STRING, STRING], STRING, (left, right) => {
      const text = left + right;
      if (sizeOf(text, work) > MOST_CHARACTERS_MADE) {
        throw new Error(`a text of more than ${MOST_CHARACTERS_MADE} characters`);
      }
      return text;
    }),
    celFunc('size', [STRING], INT, (text) => sizeOf(text, work)),
    celMethod('size', STRING, [], INT, function () {
      return sizeOf(this, work);
    }),
    onTexts('contains'),
    onTexts('startsWith'),
    onTexts('endsWith'),
    celMethod('matches', STRING, [STRING], BOOL, function (pattern) {
      work.spend(priceOfMatch(this, pattern));
      return standardly('matches', this, [pattern]) as boolean;
    }),
  ];
  return celEnv({ funcs });
}

/**
 * The expressions are RE2: no pattern is exponential, but `(.*a){999}` is a thousand expressions in one, and each of them
 * looks at each character.
 */
function priceOfMatch(text: string, pattern: string): number {
  if (pattern.length > maximumPattern) throw new Error(`a pattern of more than ${maximumPattern} characters`);
  let repetitions = 1;
  for (const [, from, to] of pattern.matchAll(/\{(\d{1,6})(?:,(\d{0,6}))?\}/g))
    repetitions += Math.max(Number(from), Number(to ?? 0));
  return 10 + Math.ceil(((text.length + 10) * pattern.length * repetitions) / 100);
}

function sizeOf(text: string, work: Work): bigint {
  work.spend(1 + text.length);
  return BigInt([...text].length);
}

/** Pays for looking at a whole value; a list that holds itself twice, and so on, is big without taking much room. */
function weigh(value: CelValue, work: Work): void {
  if (typeof value === 'string') work.spend(1 + Math.ceil(value.length / 16));
  else if (isCelList(value)) {
    work.spend(1 + value.size);
    for (const element of value) weigh(element, work);
  } else if (isCelMap(value)) {
    work.spend(1 + value.size);
    for (const [, element] of value) weigh(element, work);
  } else work.spend(1);
}

function standardly(name: string, target: CelValue | undefined, args: CelValue[]): unknown {
  const result = standard.funcs.find(name)?.call(0, target, args);
  if (result === undefined) throw new Error(`"${name}" does not fit its operands`);
  if (typeof result === 'boolean') return result;
  throw result;
}
