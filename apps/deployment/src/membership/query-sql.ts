import { FACT_SHAPE, type FactShape } from '@muster/sequence/conditions/facts-schema.js';
import { parseQuery, QueryError, type CelExpression } from '@muster/sequence/conditions/facts-syntax.js';
import type { SqlValue } from '@muster/persistence/database.js';
import { ARITHMETIC, arithmetic, negated } from './query-arithmetic.js';
import { COMPARISONS, compare, isAmong } from './query-comparisons.js';
import { CONVERSIONS } from './query-conversions.js';
import { patternForPostgres } from './query-pattern.js';
import { choice, named, onPlain, truth, unsupported, type Value } from './query-values.js';
import { entriesRead, SOFTWARE_COUNT, SOFTWARE_TOLD } from './software-reads.js';
import {
  type Audience,
  EntryTests,
  SOFTWARE_FACT,
  SOFTWARE_SIZE,
  softwareColumn,
  softwareTest,
  TOLD_SOFTWARE,
} from './software-sql.js';

/** A choice repeats its condition: some in each other would make a statement that no memory holds. */
const MOST_CHARACTERS = 100_000;
/** A loop in a loop has some thousand turns for each device; one more would have a million. */
const MOST_LOOPS_INSIDE = 2;

/** A query over facts as a condition on a row of `device`. */
export interface QuerySql {
  /** True, false, or null where a fact is not known: as CEL, `null` only matters where the outcome hangs on it. */
  readonly sql: string;
  /** Facts that it reads: `os.id`, `disks`, entries of software as `entriesRead` says. A change of another fact cannot change the answer. */
  readonly reads: readonly string[];
}

/**
 * Compiles a facts query (CEL) to SQL. Supported: comparisons, arithmetic, `&&`, `||`, `!`, `? :`, `in`, `has()`, `startsWith`,
 * `endsWith`, `contains`, `matches`, `size`, `int`, `double`, `string`, `bool`, and `exists`/`all` over lists of facts; everything else that a
 * condition of a step may use is refused with words that say so. What is compiled decides as the computer itself would: a property test holds both equal.
 *
 * @param parameter adds a value to the statement; answers how it is called there
 * @param audience who is asked; what it decides is the same
 * @throws QueryError
 */
export function compileQuery(
  query: string,
  parameter: (value: SqlValue) => string,
  audience: Audience = 'fleet',
): QuerySql {
  const { expression, unknownFacts } = parsed(query);
  const [unknown] = unknownFacts;
  if (unknown !== undefined) throw new QueryError(`no computer has the fact "${unknown}"`);
  const compiler = new Compiler(parameter, audience);
  const sql = compiler.boolean(expression, new Map());
  return { sql, reads: [...compiler.reads].toSorted() };
}

/**
 * Gathers the tests that a query makes of single entries of software, to be made of other entries than a device has.
 *
 * @param parameter as of `compileQuery`, for the values in these tests only
 */
export function compileEntryTests(
  query: string,
  parameter: (value: SqlValue) => string,
  tests: EntryTests,
): Pick<QuerySql, 'reads'> {
  const compiler: Compiler = new Compiler((value) => (compiler.inSoftware ? parameter(value) : '$0'), tests);
  compiler.boolean(parsed(query).expression, new Map());
  return { reads: [...compiler.reads] };
}

/** Queries read last: a changed fact asks those of many collections again and again, and to read one costs more than to ask it. */
const known = new Map<string, ReturnType<typeof parseQuery>>();
const MOST_KNOWN = 4096;

function parsed(query: string): ReturnType<typeof parseQuery> {
  const found = known.get(query) ?? parseQuery(query);
  // A map keeps the order of insertion: the first is the one asked for longest ago.
  known.delete(query);
  known.set(query, found);
  for (const oldest of known.keys()) {
    if (known.size <= MOST_KNOWN) break;
    known.delete(oldest);
  }
  return found;
}

/** Variables of loops. */
type Scope = ReadonlyMap<string, Value>;

class Compiler {
  readonly reads = new Set<string>();
  private loops = 0;
  /** Around what is being compiled. */
  private loopsAround = 0;
  /** In the condition of a loop over software. */
  inSoftware = false;

  constructor(
    private readonly parameter: (value: SqlValue) => string,
    private readonly audience: Audience,
  ) {}

  boolean(expression: CelExpression | undefined, scope: Scope): string {
    const value = this.value(expression, scope);
    if (value.type !== 'boolean') throw new QueryError(`a ${named(value)} stands where true or false is expected`);
    return value.sql;
  }

  private value(expression: CelExpression | undefined, scope: Scope): Value {
    const value = this.compiled(expression, scope);
    if (value.sql.length <= MOST_CHARACTERS) return value;
    throw new QueryError('it is too long a statement: put fewer choices and lists into each other');
  }

  private compiled(expression: CelExpression | undefined, scope: Scope): Value {
    const kind = expression?.exprKind;
    switch (kind?.case) {
      case 'constExpr':
        return this.constant(kind.value.constantKind);
      case 'identExpr': {
        const name = kind.value.name.replace(/^\./, '');
        const local = kind.value.name === name ? scope.get(name) : undefined;
        if (local) return local;
        if (this.inSoftware) throw new QueryError(`"${name}" cannot be asked in a loop over software, only beside it`);
        const root: Value = { type: 'json', sql: `(device.status -> 'facts')`, shape: FACT_SHAPE };
        return name === 'facts' ? root : this.field(root, name);
      }
      case 'selectExpr': {
        const { operand, field, testOnly } = kind.value;
        const record = this.value(operand, scope);
        const ofName = operand?.exprKind.case === 'identExpr';
        return testOnly ? this.has(record, field, ofName) : this.field(record, field);
      }
      case 'callExpr':
        return this.call(kind.value.function, kind.value.target, kind.value.args, scope);
      case 'comprehensionExpr':
        return this.loop(kind.value, scope);
      default:
        throw unsupported('what is written here');
    }
  }

  private constant(constant: { case?: string | undefined; value?: unknown }): Value {
    switch (constant.case) {
      case 'stringValue':
        return { type: 'text', sql: `${this.parameter(storable(constant.value as string))}::text` };
      case 'int64Value':
      case 'uint64Value':
        return {
          type: constant.case === 'int64Value' ? 'int' : 'uint',
          sql: `${this.parameter(String(constant.value))}::numeric`,
        };
      case 'doubleValue':
        return { type: 'double', sql: `${this.parameter(String(constant.value))}::float8` };
      case 'boolValue':
        return { type: 'boolean', sql: String(constant.value) };
      default:
        throw unsupported('a value of this type');
    }
  }

  /** A field of a record; notes which fact is read. */
  private field(record: Value, name: string): Value {
    if (record.type !== 'json' || record.shape.kind !== 'record') throw unsupported(`"${name}" of a ${named(record)}`);
    const shape = record.shape.fields[name];
    if (!shape) throw new QueryError(`no computer has the fact "${name}"`);
    if (record.of === 'software') return softwareColumn(record.sql, name, shape);
    if (record.shape === FACT_SHAPE && name === SOFTWARE_FACT) {
      this.reads.add(SOFTWARE_TOLD);
      return { type: 'json', sql: TOLD_SOFTWARE, shape, of: 'software' };
    }
    const sql = `(${record.sql} -> '${name}')`;
    const path = pathOf(sql);
    if (path !== undefined && (path.length === 2 || shape.kind !== 'record')) this.reads.add(path.join('.'));
    return scalar(sql, shape);
  }

  /** `has(os.id)` is false where there is no `os`; `has(facts.os.id)` has no answer there: so decides the evaluator of CEL. */
  private has(record: Value, name: string, ofName: boolean): Value {
    const known = `${this.field(record, name).sql} is not null`;
    return truth(ofName ? `(${known})` : `(case when ${record.sql} is not null then ${known} end)`);
  }

  private call(name: string, target: CelExpression | undefined, args: readonly CelExpression[], scope: Scope): Value {
    const [first, second, third] = target ? [target, ...args] : args;
    switch (name) {
      case '_&&_':
      case '_||_': {
        const operator = name === '_&&_' ? 'and' : 'or';
        return truth(`(${this.boolean(first, scope)} ${operator} ${this.boolean(second, scope)})`);
      }
      case '!_':
        return truth(`(not ${this.boolean(first, scope)})`);
      case '_?_:_':
        return choice(this.boolean(first, scope), this.value(second, scope), this.value(third, scope));
      case '_[_]': {
        const index = second?.exprKind.case === 'constExpr' ? second.exprKind.value.constantKind : undefined;
        if (index?.case !== 'stringValue') throw unsupported('a number in square brackets');
        return this.field(this.value(first, scope), index.value);
      }
      case '@in':
        return this.isIn(this.value(first, scope), second, scope);
      case 'startsWith':
      case 'endsWith':
      case 'contains':
        return textTest(name, this.value(first, scope), this.value(second, scope));
      case 'matches':
        return this.matches(this.value(first, scope), second);
      case 'size':
        return this.size(this.value(first, scope));
      case '-_':
        return onPlain(this.value(first, scope), negated);
      default:
        return this.operation(name, this.value(first, scope), second && this.value(second, scope));
    }
  }

  /** What needs no more than the values of its operands. */
  private operation(name: string, left: Value, right: Value | undefined): Value {
    const conversion = CONVERSIONS[name];
    if (conversion && right === undefined) return conversion(left);
    const known = Object.hasOwn(ARITHMETIC, name) || Object.hasOwn(COMPARISONS, name);
    if (!known || right === undefined) throw unsupported(`"${name.replace(/^[_@]+|_+$/g, '')}"`);
    const act = Object.hasOwn(ARITHMETIC, name) ? arithmetic : compare;
    return onPlain(left, (one) => onPlain(right, (other) => act(name, one, other)));
  }

  private size(value: Value): Value {
    if (value.type === 'text') return { type: 'int', sql: `char_length(${value.sql})::numeric` };
    if (value.type !== 'json' || value.shape.kind !== 'list') throw unsupported(`the size of a ${named(value)}`);
    if (!value.of) return { type: 'int', sql: `jsonb_array_length(${value.sql})::numeric` };
    this.reads.add(SOFTWARE_COUNT);
    return { type: 'int', sql: SOFTWARE_SIZE };
  }

  /** A pattern of the query only: one out of facts could not be looked at before it is used. */
  private matches(text: Value, pattern: CelExpression | undefined): Value {
    const constant = pattern?.exprKind.case === 'constExpr' ? pattern.exprKind.value.constantKind : undefined;
    if (text.type !== 'text') throw unsupported('"matches" of what is no text');
    if (constant?.case !== 'stringValue')
      throw unsupported('a pattern of "matches" that is no text of the query itself');
    const parameter = this.parameter(patternForPostgres(constant.value));
    return truth(`(${text.sql} collate "C" ~ ${parameter}::text)`);
  }

  private isIn(value: Value, list: CelExpression | undefined, scope: Scope): Value {
    if (value.type === 'json') throw unsupported('looking for a record or a list');
    if (list?.exprKind.case === 'listExpr') {
      return isAmong(
        value,
        list.exprKind.value.elements.map((element) => this.value(element, scope)),
      );
    }
    const facts = this.value(list, scope);
    if (facts.type === 'json' && facts.of) throw unsupported('"in" of software');
    if (facts.type !== 'json' || facts.shape.kind !== 'list') throw unsupported('"in" of what is no list');
    return truth(`(${facts.sql} @> to_jsonb(${value.sql}))`);
  }

  /** `list.exists(x, …)` and `list.all(x, …)`, by what the parser makes of them. */
  private loop(loop: Extract<CelExpression['exprKind'], { case: 'comprehensionExpr' }>['value'], scope: Scope): Value {
    const list = this.value(loop.iterRange, scope);
    const step = loop.loopStep?.exprKind;
    const start = loop.accuInit?.exprKind;
    const begins = start?.case === 'constExpr' ? start.value.constantKind : undefined;
    const every = begins?.case === 'boolValue' && begins.value;
    const call = step?.case === 'callExpr' ? step.value : undefined;
    const [accumulated, condition] = call?.args ?? [];
    const isTest =
      begins?.case === 'boolValue' &&
      call?.function === (every ? '_&&_' : '_||_') &&
      accumulated?.exprKind.case === 'identExpr' &&
      accumulated.exprKind.value.name === loop.accuVar;
    if (!isTest) throw unsupported('a loop other than exists and all');
    if (list.type !== 'json' || list.shape.kind !== 'list') throw unsupported(`a loop over a ${named(list)}`);
    if (this.loopsAround >= MOST_LOOPS_INSIDE) {
      throw new QueryError(
        `more than ${MOST_LOOPS_INSIDE} loops in each other are not supported in rules of collections`,
      );
    }
    const name = list.of && this.audience instanceof EntryTests ? EntryTests.ENTRY : `element${++this.loops}`;
    if (list.of) {
      for (const fact of entriesRead(condition, loop.iterVar, every)) this.reads.add(fact);
      const { element } = list.shape;
      const entry: Value = { type: 'json', sql: name, shape: element, of: 'software' };
      const test = this.inEntry(condition, new Map([[loop.iterVar, entry]]));
      return truth(softwareTest(every, name, test, this.audience));
    }
    const inner = new Map(scope).set(loop.iterVar, scalar(`${name}.value`, list.shape.element));
    this.loopsAround += 1;
    const test = this.boolean(condition, inner);
    this.loopsAround -= 1;
    // Decided by one element, else unknown by one, else the other way: as && and || do.
    const decided = every ? 'not bool_and(test)' : 'bool_or(test)';
    return truth(
      `(case when ${list.sql} is not null then (select case when ${decided} then ${!every} when bool_or(test is null) then null else ${every} end
         from (select ${test} as test from jsonb_array_elements(${list.sql}) as ${name} (value)) as tests) end)`,
    );
  }

  /** A test of an entry alone: so the entries that pass it are looked up once, and not anew for each device. */
  private inEntry(condition: CelExpression | undefined, entry: Scope): string {
    this.inSoftware = true;
    try {
      return this.boolean(condition, entry);
    } finally {
      this.inSoftware = false;
    }
  }
}

/** JSON of a known shape as a value; what has another type than the schema says is not known. */
function scalar(json: string, shape: FactShape): Value {
  switch (shape.kind) {
    case 'record':
    case 'list':
      return { type: 'json', sql: json, shape };
    case 'text':
      return { type: 'text', sql: `(case jsonb_typeof(${json}) when 'string' then ${json} #>> '{}' end)` };
    case 'number':
      return { type: 'int', sql: `(case jsonb_typeof(${json}) when 'number' then (${json} #>> '{}')::numeric end)` };
    case 'boolean':
      return {
        type: 'boolean',
        sql: `(case jsonb_typeof(${json}) when 'boolean' then (${json} #>> '{}')::boolean end)`,
      };
  }
}

function textTest(name: 'startsWith' | 'endsWith' | 'contains', text: Value, part: Value): Value {
  if (text.type !== 'text' || part.type !== 'text') throw unsupported(`"${name}" of what is no text`);
  if (name === 'startsWith') return truth(`starts_with(${text.sql}, ${part.sql})`);
  if (name === 'contains') return truth(`(strpos(${text.sql}, ${part.sql}) > 0)`);
  return truth(`(right(${text.sql}, char_length(${part.sql})) = ${part.sql})`);
}

/** The fact that a chain of `->` from the facts of a device names, at most its first two names. */
function pathOf(sql: string): string[] | undefined {
  const names = [...sql.matchAll(/ -> '([A-Za-z]+)'\)/g)].map((match) => match[1] ?? '');
  return names[0] === 'facts' ? names.slice(1, 3) : undefined;
}

/** Postgres keeps no NUL; a text with one is equal to no fact. */
function storable(text: string): string {
  return text.replaceAll('\0', '\uFFFD\uFFFD');
}
