import { isGroup, isStep, nodeName, type SequenceNode, type SequenceSpec } from './model.js';
import { stepDefinition } from './steps/registry.js';

/**
 * Paths of the enabled steps that may take the system or the data of a computer away, in document order. Those of child sequences are not
 * among them (deployments.md section 4).
 */
export function highRiskSteps(spec: SequenceSpec): readonly string[] {
  const found: string[] = [];
  const visit = (nodes: readonly SequenceNode[], base: string): void => {
    for (const node of nodes) {
      if (node.disabled === true) continue;
      const path = `${base}${nodeName(node)}`;
      if (isGroup(node)) visit(node.steps, `${path}/`);
      else if (isStep(node) && stepDefinition(node.type)?.highRisk === true) found.push(path);
    }
  };
  visit(spec.steps, '');
  return found;
}
