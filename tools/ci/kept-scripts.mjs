import { sep } from 'node:path';
import vm from 'node:vm';

const packages = `${sep}node_modules${sep}`;
/** Such a module is told who imports for it, which belongs to one file of tests. */
const importing = /\bimport\s*\(/;

/**
 * `vm.compileFunction` that compiles a module of a package once per process: jest asks for it again for each file of tests, 900 modules
 * for one that starts a service. What V8 has compiled runs in each file's own globals; nothing that it made is shared.
 *
 * @param {typeof vm.compileFunction} compileFunction for everything else
 * @returns {typeof vm.compileFunction}
 */
export function keptScripts(compileFunction) {
  /** Of each file the last text, for the parameters that it was asked for with. */
  const kept = new Map();
  return (source, parameters = [], options = {}) => {
    const { filename = '', parsingContext } = options;
    if (!parsingContext || !filename.includes(packages) || importing.test(source)) {
      return compileFunction(source, parameters, options);
    }
    const head = `(function (${parameters.join(', ')}) {`;
    let known = kept.get(filename);
    if (known?.head !== head || known.source !== source) {
      // The head stands before the first column, so that places in stacks are those of the file.
      const script = new vm.Script(`${head}${source}\n})`, { filename, columnOffset: -head.length });
      known = { head, source, script };
      kept.set(filename, known);
    }
    return known.script.runInContext(parsingContext);
  };
}
