import { ENROLMENT_TOKEN_PATTERN } from '@muster/contracts/agent/enrolment.js';
import { AgentError } from '../identity/agent-error.js';

/** A token as an administrator got it: sent whole, its second half says which key the site must have. */
export interface EnrolmentToken {
  readonly text: string;
  /** RFC 7638 thumbprint of the site's signing key. */
  readonly siteThumbprint: string;
}

/** @throws AgentError `enrolment.token-missing`, `enrolment.token-malformed`; the message does not repeat the token. */
export function parseEnrolmentToken(text: string): EnrolmentToken {
  const trimmed = text.trim();
  if (trimmed === '') {
    const message = 'an enrolment token is needed: --token TOKEN or MUSTER_ENROLMENT_TOKEN, an administrator makes one';
    throw new AgentError('enrolment.token-missing', message);
  }
  const siteThumbprint = ENROLMENT_TOKEN_PATTERN.exec(trimmed)?.[2];
  if (siteThumbprint === undefined) {
    throw new AgentError(
      'enrolment.token-malformed',
      `this is no enrolment token (${trimmed.length} characters): it is mse_, 43 characters, a dot and 43 characters, copy it whole`,
    );
  }
  return { text: trimmed, siteThumbprint };
}
