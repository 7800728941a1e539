import { createStore, toLayer } from '@muster/sequence/variables.js';
import { StepVariables } from '../steps/step-variables.js';
import { answerLine } from './answer-request.js';
import { PROTOCOL_LIMITS, toLine } from './protocol.js';

let variables: StepVariables;
let progress: unknown[];
beforeEach(() => {
  const device = toLayer({ Plain: 'one', Pass: { value: 'hunter22', secret: true } });
  variables = new StepVariables(createStore({ device, readOnly: toLayer({ _SMSTSInWinPE: 'false' }) }), {});
  progress = [];
});

function ask(request: unknown): Record<string, unknown> {
  const line = typeof request === 'string' ? request : JSON.stringify(request);
  const scope = { variables, secrets: () => variables.secrets, progress: (...said: unknown[]) => progress.push(said) };
  return JSON.parse(toLine(answerLine(Buffer.from(line), scope))) as Record<string, unknown>;
}

describe('a request of a script', () => {
  it('reads, writes and deletes without regard to case', () => {
    expect(ask({ op: 'get', name: 'PLAIN' })).toEqual({ ok: true, value: 'one' });
    expect(ask({ op: 'get', name: 'Nothing' })).toEqual({ ok: true, value: null });
    expect(ask({ op: 'set', name: ' plain ', value: 'two' })).toEqual({ ok: true });
    expect(ask({ op: 'get', name: 'Plain' })).toEqual({ ok: true, value: 'two' });
    expect(ask({ op: 'unset', name: 'Plain' })).toEqual({ ok: true });
    expect(ask({ op: 'get', name: 'Plain' })).toEqual({ ok: true, value: null });
    expect(variables.assignments).toEqual([{ name: 'Plain', value: '' }]);
  });

  it('gives a secret to who asks for it and masks it in lists, also inside of other values', () => {
    ask({ op: 'set', name: 'Fresh', value: 'swordfish', secret: true });
    expect(ask({ op: 'get', name: 'pass' })).toEqual({ ok: true, value: 'hunter22', secret: true });
    const masked = { name: 'Pass', value: '********', secret: true };
    expect(ask({ op: 'list' })['variables']).toEqual([
      { name: '_SMSTSInWinPE', value: 'false' },
      { name: 'Fresh', value: '********', secret: true },
      masked,
      { name: 'Plain', value: 'one' },
    ]);
    expect(ask({ op: 'list', secrets: true })['variables']).toContainEqual({ ...masked, value: 'hunter22' });
    expect(ask({ op: 'expand', text: 'pw=%Pass%' })).toEqual({
      ok: true,
      text: 'pw=hunter22',
      secret: true,
      undefined: [],
    });
  });

  it('keeps secret what was secret or what a secret went into', () => {
    ask({ op: 'set', name: 'Pass', value: 'next' });
    ask({ op: 'set', name: 'Url', value: 'https://me:hunter22@host' });
    ask({ op: 'set', name: 'Harmless', value: 'nothing' });
    expect(variables.assignments.filter((one) => one.secret).map((one) => one.name)).toEqual(['Pass', 'Url']);
    expect(variables.secrets).toEqual(expect.arrayContaining(['next', 'hunter22', 'https://me:hunter22@host']));
  });

  it('is refused with the code of what is wrong', () => {
    const codes = [
      { op: 'set', name: '_SMSTSInWinPE', value: 'true' },
      { op: 'unset', name: '_SMSTSInWinPE' },
      { op: 'set', name: '1st', value: 'x' },
      { op: 'set', name: 'Long', value: 'x'.repeat(4001) },
      { op: 'set', name: 'Number', value: 5 },
      { op: 'set', name: 'Mistyped', value: 'x', Secret: true },
      { op: 'progress', message: 'x', step: 3, of: 2 },
      { op: 'request-reboot', target: 'moon' },
      { op: 'constructor' },
      { name: 'Plain' },
      [],
      'not json',
    ].map((request) => ask(request)['code']);
    expect(codes).toEqual([
      'variable.read-only',
      'variable.read-only',
      'variable.invalid-name',
      'variable.value-too-long',
      'tsenv.invalid-request',
      'tsenv.invalid-request',
      'tsenv.invalid-request',
      'tsenv.invalid-request',
      'tsenv.unknown-operation',
      'tsenv.unknown-operation',
      'tsenv.invalid-json',
      'tsenv.invalid-json',
    ]);
    expect(variables.assignments).toEqual([]);
  });

  it('never makes an answer longer than a line: a list comes in pages, a text does not come', () => {
    for (let index = 0; index < 100; index++)
      ask({ op: 'set', name: `Big${index}`, value: String.fromCharCode(1).repeat(1000) });
    const names: unknown[] = [];
    let pages = 0;
    for (let after: unknown; pages === 0 || after !== undefined; pages++) {
      const answer = ask({ op: 'list', ...(after === undefined ? {} : { after }) });
      expect(Buffer.byteLength(JSON.stringify(answer))).toBeLessThan(PROTOCOL_LIMITS.lineBytes);
      for (const { name } of answer['variables'] as { name: string }[]) names.push(name);
      after = answer['next'];
    }
    expect(pages).toBeGreaterThan(5);
    expect([names.length, new Set(names).size]).toEqual([103, 103]);
    expect(ask({ op: 'expand', text: '%Big1%'.repeat(100) })['code']).toBe('tsenv.answer-too-long');
  });

  it('hands on progress as one clean, masked line', () => {
    ask({ op: 'progress', message: 'with\u001b[2J hunter22\r\nnow', step: 1, of: 2 });
    ask({ op: 'progress', message: 'y'.repeat(600) });
    expect(progress).toEqual([
      ['with [2J ******** now', 1, 2],
      ['y'.repeat(500), undefined, undefined],
    ]);
  });

  it('asks for a restart and for another run of the step by the variables that the engine looks at', () => {
    ask({ op: 'request-reboot', target: 'pe' });
    ask({ op: 'request-retry' });
    expect(variables.assignments).toEqual([
      { name: 'SMSTSRebootRequested', value: 'WinPE' },
      { name: 'SMSTSRetryRequested', value: 'true' },
    ]);
    ask({ op: 'request-reboot', target: 'os' });
    expect(variables.read('SMSTSRebootRequested')?.value).toBe('HD');
  });
});
