import vm from 'node:vm';
import { keptScripts } from './kept-scripts.mjs';

const filename = '/somewhere/node_modules/package/index.js';

describe('scripts of packages that are kept', () => {
  const refused = (): never => {
    throw new Error('compiled for one file of tests alone');
  };
  /** Compiles as jest does for a file of tests, and runs it. */
  const load = (compile: typeof vm.compileFunction, context: vm.Context, source: string, file = filename) => {
    const module = { exports: {} as Record<string, unknown> };
    const run = compile(source, ['module', 'exports'], { filename: file, parsingContext: context });
    Reflect.apply(run, module.exports, [module, module.exports]);
    return module.exports;
  };

  it('run in the globals of each file of tests, and share nothing that they made', () => {
    const compile = keptScripts(refused);
    const source = 'let count = 0; exports.next = () => ++count; exports.name = name; exports.self = this === exports;';
    const [first, second] = ['first', 'second'].map((name) => load(compile, vm.createContext({ name }), source));
    expect([first, second]).toMatchObject([
      { name: 'first', self: true },
      { name: 'second', self: true },
    ]);
    const [one, other] = [first, second].map((exports) => exports?.['next'] as () => number);
    expect([one?.(), one?.(), other?.()]).toEqual([1, 2, 1]);
  });

  it('are compiled anew when the text is another one', () => {
    const compile = keptScripts(refused);
    const context = vm.createContext();
    expect(load(compile, context, 'exports.is = 1; // no end of line')).toEqual({ is: 1 });
    expect(load(compile, context, 'exports.is = 2;')).toEqual({ is: 2 });
  });

  it('name the place in the file where something failed', () => {
    const compile = keptScripts(refused);
    const fail = (source: string): string => {
      try {
        load(compile, vm.createContext(), source);
      } catch (error) {
        return String((error as Error).stack);
      }
      throw new Error('it did not fail');
    };
    expect(fail('null.first')).toContain(`${filename}:1:6`);
    expect(fail('\n null.second')).toContain(`${filename}:2:7`);
    expect(fail("'use strict'; undeclared = 1")).toContain('undeclared is not defined');
  });

  it('are not for a module of ours, nor for one that imports while it runs', () => {
    const compile = keptScripts(refused);
    const context = vm.createContext();
    expect(() => load(compile, context, 'exports.is = 1', '/somewhere/ours.js')).toThrow('alone');
    expect(() => load(compile, context, "exports.is = () => import('x')")).toThrow('alone');
  });
});
