import type { DynamicRule, RuleTest } from '@muster/sequence/steps/set-dynamic-variables/rules.js';
import { operatorOf, parameters } from '../conditions/expressions.js';
import { ImportRefusal } from '../refusal.js';
import { isNoSecret, isSecretName } from '../secrets.js';
import { parseXml } from '../xml/parse-xml.js';
import { newElement, writeXml } from '../xml/write-xml.js';
import { attribute, childNamed, childrenNamed, type XmlElement } from '../xml/xml-element.js';
import { booleanOf } from './fields.js';
import { NotRepresentable, type SettingsDraft } from './mapping.js';

/**
 * The rules of Set Dynamic Variables, which are an XML text inside the XML.
 *
 * @throws NotRepresentable when the text or a condition in it cannot be said in our terms
 */
export function dynamicRules(xml: string, draft: SettingsDraft): DynamicRule[] {
  let root: XmlElement;
  try {
    root = parseXml(xml);
  } catch (error) {
    if (!(error instanceof ImportRefusal)) throw error;
    throw new NotRepresentable(`its rules cannot be read: ${error.message}`);
  }
  return childrenNamed(root, 'rule').flatMap((rule) => {
    const set = childrenNamed(rule, 'variables')
      .flatMap((list) => childrenNamed(list, 'variable'))
      .map((variable) => assignment(variable, draft));
    if (set.length === 0) {
      draft.note('import.empty-rule', 'a rule sets no variable; it is left out');
      return [];
    }
    const condition = childNamed(rule, 'condition');
    const when = condition && ruleTest(condition);
    return [{ ...(when ? { when } : {}), set }];
  });
}

function assignment(variable: XmlElement, draft: SettingsDraft): DynamicRule['set'][number] {
  const name = (attribute(variable, 'name') ?? '').trim();
  const value = variable.text.trim();
  const secret = booleanOf(attribute(variable, 'issecret') ?? 'false') !== false;
  if ((!secret && !isSecretName(name)) || isNoSecret(value)) return { name, value, ...(secret ? { secret } : {}) };
  draft.secret(`value of the variable ${name}`, value);
  return { name, value: `%${name}%`, secret: true };
}

function ruleTest(condition: XmlElement): RuleTest | undefined {
  const [expression, ...others] = condition.children;
  if (expression === undefined) return undefined;
  if (others.length > 0 || expression.name !== 'expression')
    throw new NotRepresentable('a rule has more than one expression in its condition');
  const type = attribute(expression, 'type') ?? '';
  const given = parameters(expression);
  if (/_VariableConditionExpression$/i.test(type)) {
    const operator = operatorOf(given.get('operator') ?? 'equals');
    if (operator === undefined) throw new NotRepresentable(`a rule compares with "${given.get('operator') ?? ''}"`);
    const alone = operator === 'exists' || operator === 'notExists';
    return { variable: given.get('variable') ?? '', operator, ...(alone ? {} : { value: given.get('value') ?? '' }) };
  }
  if (/_MakeModelConditionExpression$/i.test(type))
    return { makeModel: { make: given.get('make') ?? '*', model: given.get('model') ?? '*' } };
  if (/_ComputerConditionExpression$/i.test(type)) {
    const fields = { assetTag: 'assettag', macAddress: 'macaddress', serialNumber: 'serialnumber', uuid: 'uuid' };
    const entries = Object.entries(fields).flatMap(([ours, theirs]) => {
      const value = given.get(theirs) ?? '';
      return value === '' ? [] : [[ours, value] as const];
    });
    return { computer: Object.fromEntries(entries) };
  }
  const gateway = given.get('defaultgateway');
  if (gateway !== undefined) return { location: { defaultGateway: gateway } };
  throw new NotRepresentable(`a rule has a condition of the unknown type "${type}"`);
}

/** Rules as the text that the property holds; undefined without any. */
export function writeDynamicRules(rules: unknown): string | undefined {
  if (!Array.isArray(rules) || rules.length === 0) return undefined;
  return writeXml(
    newElement(
      'Rules',
      {},
      (rules as DynamicRule[]).map(({ when, set }) =>
        newElement('Rule', {}, [
          ...(when === undefined ? [] : [newElement('condition', {}, [writtenTest(when)])]),
          newElement(
            'Variables',
            {},
            set.map(({ name, value, secret }) =>
              newElement('Variable', { Name: name, IsSecret: String(secret === true) }, [], value),
            ),
          ),
        ]),
      ),
    ),
  );
}

function writtenTest(test: RuleTest): XmlElement {
  const expression = (type: string, given: Readonly<Record<string, string | undefined>>): XmlElement =>
    newElement(
      'expression',
      { type: `SMS_TaskSequence_${type}ConditionExpression` },
      Object.entries(given).flatMap(([name, value]) =>
        value === undefined ? [] : [newElement('variable', { name }, [], value)],
      ),
    );
  if (test.computer) {
    const { assetTag, macAddress, serialNumber, uuid } = test.computer;
    return expression('Computer', {
      AssetTag: assetTag,
      MacAddress: macAddress,
      SerialNumber: serialNumber,
      UUID: uuid,
    });
  }
  if (test.location) return expression('Location', { DefaultGateway: test.location.defaultGateway });
  if (test.makeModel) return expression('MakeModel', { Make: test.makeModel.make, Model: test.makeModel.model });
  return expression('Variable', { Operator: test.operator, Value: test.value, Variable: test.variable });
}
