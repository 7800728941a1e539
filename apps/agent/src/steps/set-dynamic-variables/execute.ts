import type { Facts } from '@muster/sequence/conditions/facts-schema.js';
import { LIMITS } from '@muster/sequence/limits.js';
import { type ComputerFacts, applyRules } from '@muster/sequence/steps/set-dynamic-variables/apply-rules.js';
import type { SetDynamicVariablesSettings } from '@muster/sequence/steps/set-dynamic-variables/definition.js';
import { gatherFacts } from '../../facts/gather-facts.js';
import { SystemTree } from '../../facts/system-tree.js';
import type { StepContext, StepExecutor, StepOutcome } from '../executor.js';
import { defaultRoutes } from './default-gateways.js';

/** Set Dynamic Variables on this computer. */
export const executeSetDynamicVariables: StepExecutor = (settings, context) =>
  setDynamicVariables(settings as SetDynamicVariablesSettings, context, gatherComputerFacts);

/** The step with facts from somewhere: first the facts become variables, then the rules are applied. */
export async function setDynamicVariables(
  { rules = [] }: SetDynamicVariablesSettings,
  context: StepContext,
  gather: () => Promise<ComputerFacts>,
): Promise<StepOutcome> {
  const facts = await gather();
  const named = factVariables(facts);
  // An empty value says that the fact is not known, also where an earlier step knew one.
  for (const [name, value] of Object.entries(named)) context.variables.write({ name, value });
  const { applied, assignments, undefinedNames } = applyRules(rules, facts, context.variables);
  const known = Object.entries(named).flatMap(([name, value]) => (value === '' ? [] : [`${name}: ${value}`]));
  const summary = `${applied} of ${rules.length} rules applied, ${assignments} variables set`;
  const warnings = undefinedNames.map((name) => `nothing defines %${name}%`);
  return { exitCode: 0, output: [...known, summary].join('\n').slice(-LIMITS.outputLength), warnings };
}

/** The facts as variables; lists are separated by commas. */
export function factVariables(facts: ComputerFacts): Record<string, string> {
  return {
    _SMSTSMake: facts.make ?? '',
    _SMSTSModel: facts.model ?? '',
    _SMSTSSerialNumber: facts.serialNumber ?? '',
    _SMSTSAssetTag: facts.assetTag ?? '',
    _SMSTSUUID: facts.uuid ?? '',
    _SMSTSMacAddresses: asList(facts.macAddresses),
    _SMSTSIPAddresses: asList(facts.ipAddresses),
    _SMSTSDefaultGateways: asList(facts.defaultGateways),
  };
}

/** As many entries as a variable can hold. */
function asList(entries: readonly string[]): string {
  const unique = [...new Set(entries)];
  while (unique.join(',').length > LIMITS.variableValueLength) unique.pop();
  return unique.join(',');
}

/** What this computer says of itself: firmware tables, network adapters, routes. */
export async function gatherComputerFacts(tree = new SystemTree()): Promise<ComputerFacts> {
  return toComputerFacts(
    await gatherFacts(undefined, tree),
    defaultRoutes(tree).map(({ gateway }) => gateway),
  );
}

function toComputerFacts({ machine, network = [] }: Facts, defaultGateways: readonly string[]): ComputerFacts {
  return {
    make: machine?.manufacturer,
    model: machine?.model,
    serialNumber: machine?.serialNumber,
    assetTag: machine?.assetTag,
    uuid: machine?.uuid,
    macAddresses: network.flatMap(({ mac }) => mac ?? []),
    ipAddresses: network.flatMap(({ addresses }) => addresses),
    defaultGateways,
  };
}
