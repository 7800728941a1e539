import vm from 'node:vm';
import { TestEnvironment } from 'jest-environment-node';
import { keptScripts } from './kept-scripts.mjs';

/** As many calls as lead from a failed assertion in a property of random values to the test; each assertion notes them. */
const STACK_LINES = 30;

vm.compileFunction = keptScripts(vm.compileFunction);

/**
 * Jest's environment, but for two things. The globals of a test file are an ordinary object: Jest puts a proxy before them, and each `Map`
 * or `Object` in a test, in what it tests and in every package goes through it: up to half of the time of tests that compute (ADR 67).
 * And a worker compiles what packages say once, not for each file of tests again.
 */
export default class OrdinaryGlobals extends TestEnvironment {
  constructor(config, context) {
    const { createContext } = vm;
    vm.createContext = () => createContext(vm.constants.DONT_CONTEXTIFY);
    try {
      super(config, context);
    } finally {
      vm.createContext = createContext;
    }
    this.global.Error.stackTraceLimit = STACK_LINES;
  }
}
