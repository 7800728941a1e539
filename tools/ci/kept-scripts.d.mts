import type vm from 'node:vm';

export declare function keptScripts(compileFunction: typeof vm.compileFunction): typeof vm.compileFunction;
