import { hostname } from 'node:os';
import { existsSync } from 'node:fs';
import type { SequenceSpec } from '@muster/sequence/model.js';
import { mentionedVariables } from '@muster/sequence/references.js';
import type { RunStarted } from '@muster/sequence/run.js';
import type { AgentIdentity } from '../identity/agent-identity.js';

/** What is known of a run beside its sequence. */
export interface RunOrigin {
  /** As the settings of the site say it. */
  readonly organisation?: string | undefined;
  /** Name of the deployment that it is for; undefined: no site asked for it. */
  readonly deployment?: string | undefined;
  /** Did somebody at this computer ask for it? */
  readonly asked?: boolean | undefined;
  /** The site of this computer, and what it is there; undefined: the run is for no site. */
  readonly site?: Pick<AgentIdentity, 'server' | 'deviceUid' | 'site'> | undefined;
}

/**
 * Facts of this computer for a run in the installed system: read-only variables, and of the process environment
 * only what the sequences mention as `%NAME%`, since it is kept in the journal.
 */
export function collectFacts(
  specs: readonly SequenceSpec[],
  environment: NodeJS.ProcessEnv = process.env,
  { organisation, deployment, asked, site }: RunOrigin = {},
): RunStarted['facts'] {
  const mentioned = new Set([...mentionedVariables(...specs)].map((name) => name.toLowerCase()));
  const visible = Object.entries(environment).flatMap(([name, value]) =>
    value !== undefined && mentioned.has(name.toLowerCase()) ? [[name, value] as const] : [],
  );
  return {
    phase: 'FullOS',
    readOnly: {
      _SMSTSMachineName: hostname(),
      _SMSTSLaunchMode: 'SMS',
      ...(deployment === undefined ? {} : { _SMSTSAdvertID: deployment }),
      ...(asked === true ? { _SMSTSUserStarted: 'true' } : {}),
      ...(site === undefined ? {} : siteVariables(site)),
      ...(organisation === undefined ? {} : { _SMSTSOrgName: organisation }),
      ...(existsSync('/sys/firmware/efi') ? { _SMSTSBootUEFI: 'true' } : {}),
    },
    environment: Object.fromEntries(visible),
  };
}

/** The address has its port also where the scheme implies it: sequences from elsewhere put the two together. */
function siteVariables({ server, deviceUid, site }: NonNullable<RunOrigin['site']>): Record<string, string> {
  const { protocol, hostname: host, port } = new URL(server);
  const secure = protocol === 'https:';
  return {
    _SMSTSSiteCode: site,
    _SMSTSClientGUID: deviceUid,
    _SMSTSMP: host,
    _SMSTSMPPort: port || (secure ? '443' : '80'),
    ...(secure ? { _SMSTSUseSSL: 'true' } : {}),
  };
}
