/**
 * The program `tsenv`: a step's script reads and writes the variables of its run. Started once per call, so it has to be there at
 * once: one file that imports nothing but node:net. The protocol is in docs/tsenv.md; nothing here knows more than that.
 */
import { connect, type Socket } from 'node:net';

const help = `tsenv: read and write the variables of the task sequence that runs this script.

  tsenv get NAME [--default VALUE]     print a value; exit 1 when the variable does not exist
  tsenv set NAME=VALUE [--secret]      write; kept for the rest of the run, also over restarts
  tsenv set NAME VALUE [--secret]      the same
  tsenv set NAME --stdin [--secret]    the value is standard input: the way for passwords, which
                                       everybody could read on a command line
  tsenv unset NAME                     delete
  tsenv list [--json] [--secrets]      all variables, secret values masked unless --secrets
  tsenv expand TEXT [--empty]          replace %NAME% in a text; unknown names stay, or with --empty vanish
  tsenv progress TEXT [--step N --of M]   tell whoever watches what is going on
  tsenv reboot os|pe                   restart the computer when this step has ended
  tsenv retry                          with reboot: run this step again after the restart

Examples:
  name=$(tsenv get OSDComputerName --default unknown)
  tsenv set DiskSerial="$(lsblk -dno SERIAL /dev/sda)"
  openssl rand -hex 16 | tsenv set LocalPassword --stdin --secret
  tsenv progress "Copying files" --step 2 --of 5

Good to know:
  Names do not depend on case. Names that begin with _ are read-only. A value has at most 4,000 characters;
  setting an empty one deletes. What is written counts at once, for conditions and settings of later steps, too.
  Variables that are not secret are also in the environment, as they were when the step began: $TS_NAME.
  A text that begins with -- needs a -- before it: tsenv set NAME -- --text

Exit codes:
  0  done
  1  get: the variable does not exist
  2  wrong usage
  3  the variable is read-only
  4  the name is not valid, the value too long, or there is no room for it
  5  this is no step of a run, or the step is over
Failures are one line on standard error: a stable code and a sentence.

Any language can do the same without this program: docs/tsenv.md.`;

const EXIT = { done: 0, absent: 1, usage: 2, readOnly: 3, refused: 4, outside: 5 } as const;

/** Exit codes of what the agent answers; anything else is 2. */
const exitCodes: Readonly<Record<string, number>> = {
  'variable.read-only': EXIT.readOnly,
  'variable.invalid-name': EXIT.refused,
  'variable.value-too-long': EXIT.refused,
  'variable.store-full': EXIT.refused,
  'tsenv.line-too-long': EXIT.refused,
  'tsenv.answer-too-long': EXIT.refused,
  'tsenv.too-many-connections': EXIT.outside,
};

/** A value has 4,000 characters; whoever pipes in more made a mistake and shall not fill the memory. */
const longestInput = 64 * 1024;

/** For how long a call waits while too many others have their connection. */
const patienceMilliseconds = 10_000;

/** A call that ends without success. */
class Failure extends Error {
  readonly code: string;
  readonly exitCode: number;

  constructor(code: string, message: string, exitCode: number = exitCodes[code] ?? EXIT.usage) {
    super(message);
    this.code = code;
    this.exitCode = exitCode;
  }
}

interface Answer {
  readonly ok: boolean;
  readonly code?: string;
  readonly message?: string;
  readonly value?: string | null;
  readonly text?: string;
  readonly undefined?: readonly string[];
  readonly variables?: readonly { readonly name: string; readonly value: string; readonly secret?: boolean }[];
  readonly next?: string;
}

type Ask = (request: Readonly<Record<string, unknown>>) => Promise<Answer>;

/** A command line, taken apart: what has no name, and options; `true` for those without a value. */
interface Arguments {
  readonly words: readonly string[];
  readonly options: Readonly<Record<string, string | true>>;
}

/** Options of each command; `value` takes the next word or what follows `=`. */
const COMMANDS: Readonly<
  Record<string, { words: readonly [number, number]; options: Record<string, 'flag' | 'value'> }>
> = {
  get: { words: [1, 1], options: { default: 'value' } },
  set: { words: [1, 2], options: { secret: 'flag', stdin: 'flag' } },
  unset: { words: [1, 1], options: {} },
  list: { words: [0, 0], options: { json: 'flag', secrets: 'flag' } },
  expand: { words: [1, 1], options: { empty: 'flag' } },
  progress: { words: [1, 1], options: { step: 'value', of: 'value' } },
  reboot: { words: [1, 1], options: {} },
  retry: { words: [0, 0], options: {} },
};

async function main(argv: readonly string[]): Promise<number> {
  const [command = '', ...rest] = argv;
  const asksForHelp = rest.includes('--help') && !rest.slice(0, rest.indexOf('--help')).includes('--');
  if (command === '--help' || command === '-h' || command === 'help' || asksForHelp) return print(help);
  if (!Object.hasOwn(COMMANDS, command)) {
    const said = command === '' ? 'what is to be done?' : `there is no command "${command}";`;
    throw usage(`${said} There are ${Object.keys(COMMANDS).join(', ')}, see tsenv --help`);
  }
  const given = takeApart(command, rest);
  // What cannot be right is said before the agent is asked.
  const perform = await prepare(command, given);
  const connection = new Connection(socketPath());
  try {
    return await perform((request) => connection.ask(request));
  } finally {
    connection.close();
  }
}

async function prepare(command: string, { words, options }: Arguments): Promise<(ask: Ask) => Promise<number>> {
  const [first = '', second] = words;
  const send =
    (request: Readonly<Record<string, unknown>>) =>
    async (ask: Ask): Promise<number> => {
      await ask(request);
      return EXIT.done;
    };
  switch (command) {
    case 'get':
      return (ask) => get(ask, first, options['default']);
    case 'set':
      return send({ op: 'set', ...(await assignment(first, second, options)), ...only('secret', options['secret']) });
    case 'unset':
      return send({ op: 'unset', name: first });
    case 'list':
      return (ask) => list(ask, options);
    case 'expand':
      return async (ask) => {
        const { text = '' } = await ask({
          op: 'expand',
          text: first,
          whenUndefined: options['empty'] ? 'empty' : 'literal',
        });
        return print(text);
      };
    case 'progress':
      return send({
        op: 'progress',
        message: first,
        ...only('step', number('step', options['step'])),
        ...only('of', number('of', options['of'])),
      });
    case 'reboot':
      if (first !== 'os' && first !== 'pe') throw usage(`reboot into "${first}"? It is os or pe`);
      return send({ op: 'request-reboot', target: first });
    default:
      return send({ op: 'request-retry' });
  }
}

async function get(ask: Ask, name: string, otherwise: string | true | undefined): Promise<number> {
  const { value } = await ask({ op: 'get', name });
  if (typeof value === 'string') return print(value);
  if (typeof otherwise === 'string') return print(otherwise);
  throw new Failure('tsenv.not-found', `there is no variable "${name}"`, EXIT.absent);
}

async function list(ask: Ask, options: Arguments['options']): Promise<number> {
  const variables: NonNullable<Answer['variables']>[number][] = [];
  let after: string | undefined;
  do {
    const page = await ask({ op: 'list', ...only('secrets', options['secrets']), ...only('after', after) });
    variables.push(...(page.variables ?? []));
    after = page.next;
  } while (after !== undefined);
  if (options['json']) return print(JSON.stringify(variables));
  // One line each, whatever the value is.
  const lines = variables.map(({ name, value }) => `${name}=${value.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}`);
  return lines.length === 0 ? EXIT.done : print(lines.join('\n'));
}

async function assignment(
  first: string,
  second: string | undefined,
  options: Arguments['options'],
): Promise<{ name: string; value: string }> {
  const equals = first.indexOf('=');
  if (options['stdin']) {
    if (second !== undefined || equals >= 0)
      throw usage('with --stdin the value is standard input: tsenv set NAME --stdin');
    return { name: first, value: await readInput() };
  }
  if (second !== undefined) return { name: first, value: second };
  if (equals < 0) throw usage(`no value for "${first}": tsenv set NAME=VALUE, or tsenv unset NAME to delete it`);
  return { name: first.slice(0, equals), value: first.slice(equals + 1) };
}

/** Standard input without its last end of line, as the shell's $(…) does. */
async function readInput(): Promise<string> {
  const chunks: Buffer[] = [];
  let length = 0;
  for await (const chunk of process.stdin as AsyncIterable<Buffer>) {
    chunks.push(chunk);
    length += chunk.length;
    if (length > longestInput) throw new Failure('variable.value-too-long', 'standard input has more than 64 KiB');
  }
  return Buffer.concat(chunks)
    .toString('utf8')
    .replace(/\r?\n$/, '');
}

function takeApart(command: string, rest: readonly string[]): Arguments {
  const { words: count, options: known } = COMMANDS[command] ?? { words: [0, 0], options: {} };
  const words: string[] = [];
  const options: Record<string, string | true> = {};
  for (let index = 0; index < rest.length; index++) {
    const word = rest[index] ?? '';
    if (word === '--') {
      words.push(...rest.slice(index + 1));
      break;
    }
    if (!word.startsWith('--')) {
      words.push(word);
      continue;
    }
    const [name = '', ...value] = word.slice(2).split('=');
    const kind = Object.hasOwn(known, name) ? known[name] : undefined;
    if (kind === undefined || (kind === 'flag' && value.length > 0)) {
      throw usage(`tsenv ${command} knows no option ${word}; a text that begins with -- needs a -- before it`);
    }
    if (kind === 'flag') options[name] = true;
    else if (value.length > 0) options[name] = value.join('=');
    else if (index + 1 < rest.length) options[name] = rest[(index += 1)] ?? '';
    else throw usage(`--${name} needs a value`);
  }
  if (words.length < count[0]) throw usage(`tsenv ${command} needs more: see tsenv --help`);
  if (words.length > count[1])
    throw usage(`tsenv ${command} does not take "${words[count[1]]}"; quote texts with blanks`);
  return { words, options };
}

function number(name: string, text: string | true | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (typeof text !== 'string' || !/^\d{1,6}$/.test(text)) throw usage(`--${name} is a whole number, not "${text}"`);
  return Number(text);
}

function only(name: string, value: unknown): Record<string, unknown> {
  return value === undefined ? {} : { [name]: value };
}

function socketPath(): string {
  const path = process.env['TSENV_SOCKET'];
  if (path === undefined || path === '') {
    throw new Failure('tsenv.outside-run', 'this is no step of a task sequence: TSENV_SOCKET is not set', EXIT.outside);
  }
  return path;
}

/** Requests and answers, one at a time, over one connection. */
class Connection {
  private readonly path: string;
  private socket: Socket | undefined;
  private text = '';
  private settle: { resolve(line: string): void; reject(error: Failure): void } | undefined;

  constructor(path: string) {
    this.path = path;
  }

  /** Throws a Failure for every answer that is not a success. */
  async ask(request: Readonly<Record<string, unknown>>): Promise<Answer> {
    const deadline = Date.now() + patienceMilliseconds;
    for (;;) {
      try {
        const answer = JSON.parse(await this.exchange(`${JSON.stringify(request)}\n`)) as Answer;
        if (answer.ok) return answer;
        throw new Failure(answer.code ?? 'tsenv.failed', answer.message ?? 'the agent gave no reason');
      } catch (error) {
        const busy = error instanceof Failure && error.code === 'tsenv.too-many-connections';
        if (!busy || Date.now() > deadline) throw error;
      }
      this.close();
      await new Promise((resolve) => setTimeout(resolve, 20 + Math.random() * 80));
    }
  }

  close(): void {
    this.socket?.destroy();
    this.socket = undefined;
  }

  private exchange(line: string): Promise<string> {
    return new Promise((resolve, reject) => {
      this.settle = { resolve, reject };
      this.socket ??= this.open();
      this.socket.write(line);
    });
  }

  private open(): Socket {
    this.text = '';
    const socket = connect(this.path);
    socket.setEncoding('utf8');
    socket.on('data', (chunk: string) => {
      this.text += chunk;
      const end = this.text.indexOf('\n');
      if (end < 0) return;
      const line = this.text.slice(0, end);
      this.text = this.text.slice(end + 1);
      this.settle?.resolve(line);
    });
    socket.on('error', (error: NodeJS.ErrnoException) => this.settle?.reject(unreachable(error.code ?? '')));
    socket.on('close', () => this.settle?.reject(unreachable('')));
    return socket;
  }
}

function unreachable(code: string): Failure {
  if (code === 'EAGAIN') return new Failure('tsenv.too-many-connections', 'too many wait for the agent');
  const why =
    code === 'EACCES' || code === 'EPERM'
      ? 'this user may not use the socket of the step'
      : 'the step that this script belongs to is over';
  return new Failure('tsenv.not-reachable', code === '' ? why : `${why} (${code})`, EXIT.outside);
}

function usage(message: string): Failure {
  return new Failure('tsenv.usage', message, EXIT.usage);
}

function print(text: string): number {
  process.stdout.write(`${text}\n`);
  return EXIT.done;
}

// Whoever reads our output may stop reading.
for (const stream of [process.stdout, process.stderr]) stream.on('error', () => undefined);
try {
  process.exitCode = await main(process.argv.slice(2));
} catch (error) {
  const { code, message, exitCode } =
    error instanceof Failure ? error : new Failure('tsenv.failed', String(error), EXIT.usage);
  process.stderr.write(`${code}: ${message}\n`);
  process.exitCode = exitCode;
}
