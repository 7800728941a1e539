import type { DeviceExplanation } from '@muster/contracts/kinds/device-explanation.js';
import type { NodeExplanation } from '@muster/sequence/explain.js';

type Variable = DeviceExplanation['variables'][number];
type Setting = NonNullable<DeviceExplanation['settings']>[number]['losers'][number];
type Value = Variable['losers'][number];

/** What policy means for a device, for people. */
export function deviceExplanationLines(explained: DeviceExplanation): string[] {
  const { device, deployments, variables, problems, warnings = [], sequence, sources } = explained;
  return [
    `${device.name} (${device.uid})${device.lastSeenAt === undefined ? '' : `, last heard of at ${device.lastSeenAt}`}`,
    ...(device.unknownSince === undefined
      ? []
      : [
          `  an unknown computer since ${device.unknownSince}: it gets what is deployed to those, until a run on it has succeeded or somebody approves it`,
        ]),
    ...[...problems, ...warnings].map(({ code, message }) => `  ! ${code}: ${message}`),
    deployments.length === 0 ? 'Nothing is deployed to it' : 'Deployments',
    ...deployments.flatMap((one) => [deploymentLine(one), ...toldLines(one)]),
    variables.length === 0 ? 'No variables' : 'Variables (the first value wins, the others lose)',
    ...variables.flatMap(variableLines),
    ...settingLines(explained),
    ...(sequence ? sequenceLines(sequence, device.factsAt) : []),
    ...(sources ? sourceLines(sources) : []),
  ];
}

function deploymentLine(one: DeviceExplanation['deployments'][number]): string {
  const sign = one.told ? '+' : '-';
  const why = one.reason === undefined ? '' : `: ${one.reason}`;
  const before = one.told && one.state !== 'compiled' ? ', told as it was before' : '';
  const start = one.start ? `; ${one.start.says}` : '';
  const group = one.rollout?.group === undefined ? '' : `, group ${one.rollout.group} of its rollout`;
  return `  ${sign} ${one.name}  ${one.purpose} by ${one.collection}, ${one.state}${group}${why}${before}${start}`;
}

/** What the device itself said last, with its time: it may have gone on since. */
function toldLines({ lastTold: told }: DeviceExplanation['deployments'][number]): string[] {
  if (!told) return [];
  const { state, reason, at, until, says } = told;
  const what = `${state}${reason === undefined ? '' : `: ${reason}`}${until === undefined ? '' : `, until ${until}`}`;
  return [`    it last said at ${at}: ${what}${says === undefined ? '' : ` (${says})`}`];
}

function variableLines({ name, winner, losers }: Variable): string[] {
  return [
    `  ${name} = ${winner ? valueText(winner) : '(the strongest value is empty: it does not exist)'}`,
    ...losers.map((loser) => `    not ${valueText(loser)}`),
  ];
}

/** Only what somebody says: all others are as the agent was started. */
function settingLines({ settings = [] }: DeviceExplanation): string[] {
  const said = settings.filter(({ winner }) => winner !== undefined);
  if (said.length === 0) return [];
  return [
    'Client settings (the first value wins, the others lose)',
    ...said.flatMap(({ name, winner, losers, told }) => [
      `  ${name} = ${winner ? settingText(winner) : ''}${told ? '' : '; its agent is too old to go by it'}`,
      ...losers.map((loser) => `    not ${settingText(loser)}`),
    ]),
  ];
}

/** A value, and who says it. */
export function settingText({ value, from, priority }: Setting): string {
  return `${value}  ${from}${priority === undefined ? '' : `, priority ${priority}`}`;
}

function valueText({ value, layer, source, priority, tied }: Value): string {
  const from = layer === 'device' ? 'the device' : `${layer} ${source ?? ''}`.trim();
  const strength = priority === undefined ? '' : `, priority ${priority}`;
  return `"${value}"  ${from}${strength}${tied ? ', the same: the first name wins' : ''}`;
}

const signs: Record<NodeExplanation['verdict'], string> = {
  'will-run': '+',
  skipped: '-',
  blocked: 'x',
  unknown: '?',
  'not-reached': ' ',
};

function sequenceLines(
  { sequence, nodes, problem, result }: NonNullable<DeviceExplanation['sequence']>,
  factsAt: string | undefined,
): string[] {
  const asOf = factsAt === undefined ? 'it has told no facts yet' : `with its facts of ${factsAt}`;
  return [
    `Steps of ${sequence}, ${asOf}`,
    ...(problem ? [`  x ${problem.code}: ${problem.message}`] : []),
    ...nodes.map((node) => {
      const why = [node.reason ?? node.code, node.message].filter(Boolean).join(': ');
      return `${'  '.repeat(node.depth + 1)}${signs[node.verdict]} ${node.name} ${node.verdict}${why ? ` (${why})` : ''}`;
    }),
    ...(result === undefined ? [] : [`If every step ends with success, the run ends as ${result}`]),
  ];
}

function sourceLines({ address, groups, contents }: NonNullable<DeviceExplanation['sources']>): string[] {
  if (contents.length === 0) return ['No content is needed'];
  const where = address === undefined ? 'its address is not known' : `from ${address}, as its facts say`;
  const inside = groups.length === 0 ? 'in no boundary group' : `in ${groups.join(', ')}`;
  return [
    `Content (${where}, ${inside})`,
    ...contents.flatMap(({ kind, name, version, sources, leftOut }) => [
      `  ${sources.length > 0 ? '+' : 'x'} ${kind} ${name} version ${version}${sources.length > 0 ? '' : ': no point is offered'}`,
      ...sources.map(({ point, reason }, index) => `    ${index + 1}. ${point}: ${reason}`),
      ...leftOut.map(({ point, reason }) => `    not ${point}: ${reason}`),
    ]),
  ];
}
