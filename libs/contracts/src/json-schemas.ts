import { sequencePatchSchema } from '@muster/sequence/edit/patch-model.js';
import { z } from 'zod';
import {
  contentFaultsRequestSchema,
  contentFaultsResponseSchema,
  contentLocationsRequestSchema,
  contentLocationsResponseSchema,
  manifestSchema,
} from './agent/content.js';
import {
  apiTokenListSchema,
  apiTokenRequestSchema,
  apiTokenResponseSchema,
  enrolmentRequestSchema,
  enrolmentResponseSchema,
  enrolmentTokenListSchema,
  enrolmentTokenRequestSchema,
  enrolmentTokenResponseSchema,
  sessionRequestSchema,
  sessionResponseSchema,
} from './agent/enrolment.js';
import { fatesRequestSchema, fatesResponseSchema } from './agent/fates.js';
import { inventoryRequestSchema } from './agent/inventory.js';
import { softwareRequestSchema } from './agent/software.js';
import { keyOfferSchema } from './agent/keys.js';
import { siteKeyNewsSchema } from './agent/site-key.js';
import { wakeUpSchema } from './agent/wake-up.js';
import { policyBodySchema, policyDocumentSchema, policyResponseSchema, sealedValuesSchema } from './agent/policy.js';
import { permitRequestSchema, permitResponseSchema } from './agent/permits.js';
import { reportsRequestSchema, reportsResponseSchema } from './agent/reports.js';
import {
  downloadRequestSchema,
  downloadResponseSchema,
  uploadRequestSchema,
  uploadResponseSchema,
} from './agent/upload.js';
import { apiTokenChanged } from './events/api-token-changed.js';
import { deploymentJudged } from './events/deployment-judged.js';
import { deviceEnrolled } from './events/device-enrolled.js';
import { deviceCloned } from './events/device-cloned.js';
import { deviceKeyRotated } from './events/device-key-rotated.js';
import { devicesSeen } from './events/devices-seen.js';
import { deviceInventoried } from './events/device-inventoried.js';
import { deviceSoftwareTold } from './events/device-software-told.js';
import { fatesTold } from './events/fates-told.js';
import { membersChanged } from './events/members-changed.js';
import { resourceEvents } from './events/resource-events.js';
import { rolloutChanged } from './events/rollout-changed.js';
import { runsStopped } from './events/runs-stopped.js';
import { runReported } from './events/run-reported.js';
import { variablesChanged } from './events/variables-changed.js';
import { hierarchySiteChanged } from './events/hierarchy-site-changed.js';
import {
  joinAnswerSchema,
  joinParentRequestSchema,
  joinRequestSchema,
  joinTokenListSchema,
  joinTokenRequestSchema,
  joinTokenResponseSchema,
} from './hierarchy/joining.js';
import {
  hierarchyConflictListSchema,
  reinitialiseRequestSchema,
  reinitialiseResultSchema,
  settleRequestSchema,
  settleResultSchema,
  siteListSchema,
  siteViewSchema,
  verifyRequestSchema,
  verifyResultSchema,
} from './hierarchy/site-views.js';
import { KINDS } from './kinds/all.js';
import { alertChangeSchema, alertPostponementSchema, alertRemarkSchema } from './kinds/alert.js';
import {
  applicationDifferenceSchema,
  applicationRevisionListSchema,
  applicationRevisionSchema,
} from './kinds/application-revision.js';
import { auditListSchema } from './kinds/audit.js';
import { contentSourcesSchema } from './kinds/content-sources.js';
import { contentUsesSchema } from './kinds/content-uses.js';
import {
  distributionActionResultSchema,
  distributionActionSchema,
  distributionCopiesListSchema,
} from './kinds/distribution.js';
import { deploymentRolloutSchema, rolloutActionSchema } from './kinds/deployment-rollout.js';
import { deviceAccessRequestSchema, deviceMergeRequestSchema } from './kinds/device-access.js';
import { runStopAnswerSchema, runStopRequestSchema } from './kinds/run-stop.js';
import { eventListSchema, eventSchema } from './kinds/event.js';
import { deviceImportRequestSchema, deviceImportResultSchema } from './kinds/device-import.js';
import { notificationRequestSchema, notificationResultSchema } from './kinds/device-notification.js';
import { deviceSummarySchema } from './kinds/device-summary.js';
import { deviceHistorySchema } from './kinds/device-history.js';
import { deviceExplanationSchema } from './kinds/device-explanation.js';
import {
  prestagedContentPlanSchema,
  prestagedContentRequestSchema,
  prestagedContentResultSchema,
} from './kinds/prestaged-content.js';
import { packageVersionListSchema, versionDifferenceSchema } from './kinds/package-versions.js';
import {
  memberListSchema,
  membershipExplanationSchema,
  membershipPreviewRequestSchema,
  membershipPreviewSchema,
} from './kinds/collection-members.js';
import {
  revisionDifferenceSchema,
  revisionListSchema,
  revisionSchema,
  sequenceConflictSchema,
} from './kinds/sequence-revision.js';
import {
  exportRequestSchema,
  exportResponseSchema,
  importRequestSchema,
  importResponseSchema,
} from './kinds/sequence-exchange.js';
import { referencesSchema, searchResultSchema, usesSchema } from './kinds/sequence-search.js';
import { editLockRequestSchema, editLockSchema } from './kinds/edit-lock.js';
import { mailTestResultSchema } from './kinds/alert-subscription.js';
import { folderListSchema, folderMovedSchema, folderMoveSchema, folderRequestSchema } from './kinds/folder.js';
import { sequenceFromTemplateSchema, sequenceTemplateListSchema } from './kinds/sequence-template.js';
import {
  webhookDeliveryListSchema,
  webhookRedeliveryResultSchema,
  webhookRedeliverySchema,
  webhookTestResultSchema,
} from './kinds/webhook.js';
import {
  blobsAnswerSchema,
  blobsQuestionSchema,
  bucketsAnswerSchema,
  bucketsQuestionSchema,
  digestsAnswerSchema,
  digestsQuestionSchema,
  linkEntrySchema,
  linkKeyAnswerSchema,
  linkKeyQuestionSchema,
  linkRefusalSchema,
  manifestAnswerSchema,
  manifestQuestionSchema,
  pullAnswerSchema,
  pullQuestionSchema,
} from './links/link-messages.js';
import { problemSchema } from './problem.js';
import { askPermit, explainPermits } from './requests/ask-permit.js';
import { checkCopies } from './requests/check-copies.js';
import { compareSecrets } from './requests/compare-secrets.js';
import { findDeploymentUses, findManifestUses, findNodeUses } from './requests/find-uses.js';
import { locateContent } from './requests/locate-content.js';
import { findDeployments } from './requests/find-deployments.js';
import { findRunsUnderWay } from './requests/find-runs-under-way.js';
import { readAudit } from './requests/read-audit.js';
import { readDevice } from './requests/read-device.js';
import { readSealingKey } from './requests/read-sealing-key.js';
import { readSequence } from './requests/read-sequence.js';
import { explainSources } from './requests/explain-sources.js';
import { resolveContent } from './requests/resolve-content.js';
import { outboxRead } from './subjects.js';

/** The agent's protocol over HTTP, what sites say to each other, and what only people send. */
const DOCUMENTS = {
  problem: problemSchema,
  'agent/enrolment-request': enrolmentRequestSchema,
  'agent/enrolment-response': enrolmentResponseSchema,
  'agent/session-request': sessionRequestSchema,
  'agent/session-response': sessionResponseSchema,
  'agent/policy-response': policyResponseSchema,
  'agent/policy-document': policyDocumentSchema,
  'agent/policy-body': policyBodySchema,
  'agent/wake-up': wakeUpSchema,
  'agent/sealed-values': sealedValuesSchema,
  'agent/manifest': manifestSchema,
  'agent/content-locations-request': contentLocationsRequestSchema,
  'agent/content-locations-response': contentLocationsResponseSchema,
  'agent/key-offer': keyOfferSchema,
  'agent/site-key-news': siteKeyNewsSchema,
  'agent/fates-request': fatesRequestSchema,
  'agent/fates-response': fatesResponseSchema,
  'agent/inventory-request': inventoryRequestSchema,
  'agent/software-request': softwareRequestSchema,
  'agent/content-faults-request': contentFaultsRequestSchema,
  'agent/content-faults-response': contentFaultsResponseSchema,
  'agent/permit-request': permitRequestSchema,
  'agent/permit-response': permitResponseSchema,
  'agent/reports-request': reportsRequestSchema,
  'agent/reports-response': reportsResponseSchema,
  'link/entry': linkEntrySchema,
  'link/pull-question': pullQuestionSchema,
  'link/pull-answer': pullAnswerSchema,
  'link/digests-question': digestsQuestionSchema,
  'link/digests-answer': digestsAnswerSchema,
  'link/buckets-question': bucketsQuestionSchema,
  'link/buckets-answer': bucketsAnswerSchema,
  'link/manifest-question': manifestQuestionSchema,
  'link/manifest-answer': manifestAnswerSchema,
  'link/blobs-question': blobsQuestionSchema,
  'link/blobs-answer': blobsAnswerSchema,
  'link/link-key-question': linkKeyQuestionSchema,
  'link/link-key-answer': linkKeyAnswerSchema,
  'link/refusal': linkRefusalSchema,
  'api/download-request': downloadRequestSchema,
  'api/download-response': downloadResponseSchema,
  'api/upload-request': uploadRequestSchema,
  'api/upload-response': uploadResponseSchema,
  'api/enrolment-token-list': enrolmentTokenListSchema,
  'api/enrolment-token-request': enrolmentTokenRequestSchema,
  'api/enrolment-token-response': enrolmentTokenResponseSchema,
  'api/join-answer': joinAnswerSchema,
  'api/join-parent-request': joinParentRequestSchema,
  'api/join-request': joinRequestSchema,
  'api/join-token-list': joinTokenListSchema,
  'api/join-token-request': joinTokenRequestSchema,
  'api/join-token-response': joinTokenResponseSchema,
  'api/hierarchy-conflict-list': hierarchyConflictListSchema,
  'api/hierarchy-reinitialise-request': reinitialiseRequestSchema,
  'api/hierarchy-reinitialise-result': reinitialiseResultSchema,
  'api/hierarchy-settle-request': settleRequestSchema,
  'api/hierarchy-settle-result': settleResultSchema,
  'api/hierarchy-verify-request': verifyRequestSchema,
  'api/hierarchy-verify-result': verifyResultSchema,
  'api/site-list': siteListSchema,
  'api/site-view': siteViewSchema,
  'api/alert-change': alertChangeSchema,
  'api/alert-postponement': alertPostponementSchema,
  'api/alert-remark': alertRemarkSchema,
  'api/audit-list': auditListSchema,
  'api/device-history': deviceHistorySchema,
  'api/device-summary': deviceSummarySchema,
  'api/notification-request': notificationRequestSchema,
  'api/notification-result': notificationResultSchema,
  'api/event': eventSchema,
  'api/event-list': eventListSchema,
  'api/api-token-request': apiTokenRequestSchema,
  'api/api-token-response': apiTokenResponseSchema,
  'api/api-token-list': apiTokenListSchema,
  'api/member-list': memberListSchema,
  'api/membership-explanation': membershipExplanationSchema,
  'api/membership-preview': membershipPreviewSchema,
  'api/membership-preview-request': membershipPreviewRequestSchema,
  'api/device-access-request': deviceAccessRequestSchema,
  'api/device-merge-request': deviceMergeRequestSchema,
  'api/run-stop-answer': runStopAnswerSchema,
  'api/run-stop-request': runStopRequestSchema,
  'api/device-explanation': deviceExplanationSchema,
  'api/device-import-request': deviceImportRequestSchema,
  'api/device-import-result': deviceImportResultSchema,
  'api/edit-lock': editLockSchema,
  'api/edit-lock-request': editLockRequestSchema,
  'api/folder-list': folderListSchema,
  'api/folder-move': folderMoveSchema,
  'api/folder-moved': folderMovedSchema,
  'api/folder-request': folderRequestSchema,
  'api/application-difference': applicationDifferenceSchema,
  'api/application-revision': applicationRevisionSchema,
  'api/application-revision-list': applicationRevisionListSchema,
  'api/content-sources': contentSourcesSchema,
  'api/content-uses': contentUsesSchema,
  'api/distribution-action': distributionActionSchema,
  'api/distribution-action-result': distributionActionResultSchema,
  'api/distribution-copies': distributionCopiesListSchema,
  'api/package-version-list': packageVersionListSchema,
  'api/version-difference': versionDifferenceSchema,
  'api/prestaged-content-plan': prestagedContentPlanSchema,
  'api/prestaged-content-request': prestagedContentRequestSchema,
  'api/prestaged-content-result': prestagedContentResultSchema,
  'api/deployment-rollout': deploymentRolloutSchema,
  'api/rollout-action': rolloutActionSchema,
  'api/references': referencesSchema,
  'api/revision': revisionSchema,
  'api/revision-list': revisionListSchema,
  'api/revision-difference': revisionDifferenceSchema,
  'api/sequence-conflict': sequenceConflictSchema,
  'api/export-request': exportRequestSchema,
  'api/export-response': exportResponseSchema,
  'api/import-request': importRequestSchema,
  'api/import-response': importResponseSchema,
  'api/search-result': searchResultSchema,
  'api/sequence-from-template': sequenceFromTemplateSchema,
  'api/sequence-template-list': sequenceTemplateListSchema,
  'api/sequence-patch': sequencePatchSchema,
  'api/uses': usesSchema,
  'api/webhook-delivery-list': webhookDeliveryListSchema,
  'api/webhook-redelivery': webhookRedeliverySchema,
  'api/webhook-redelivery-result': webhookRedeliveryResultSchema,
  'api/webhook-test-result': webhookTestResultSchema,
  'api/mail-test-result': mailTestResultSchema,
} as const;

/**
 * Every schema that crosses a process border, as JSON Schema 2020-12 by file name. The committed copies in
 * libs/contracts/schemas are the frozen contract: a test fails when this and they differ.
 */
export function jsonSchemas(): Record<string, unknown> {
  const all: Record<string, z.ZodType> = { ...DOCUMENTS };
  for (const kind of KINDS) {
    all[`resources/${kind.singular}`] = kind.resource;
    if (kind.verbs.includes('apply')) all[`resources/${kind.singular}-input`] = kind.input;
  }
  const events = [
    ...KINDS.flatMap((kind) => Object.values(resourceEvents(kind))),
    membersChanged,
    variablesChanged,
    deviceEnrolled,
    deviceInventoried,
    deviceSoftwareTold,
    deviceCloned,
    deviceKeyRotated,
    devicesSeen,
    fatesTold,
    runReported,
    deploymentJudged,
    rolloutChanged,
    runsStopped,
    apiTokenChanged,
    hierarchySiteChanged,
  ];
  for (const event of events) all[`events/${event.producer}.v${event.version}.${event.fact}`] = event.payload;
  for (const request of [
    askPermit,
    explainPermits,
    readSequence,
    resolveContent,
    explainSources,
    locateContent,
    checkCopies,
    findNodeUses,
    findDeploymentUses,
    findManifestUses,
    findDeployments,
    findRunsUnderWay,
    readDevice,
    readSealingKey,
    compareSecrets,
    outboxRead('catalog'),
    readAudit('catalog'),
  ]) {
    all[`requests/${request.owner}.v1.${request.name}.question`] = request.question;
    all[`requests/${request.owner}.v1.${request.name}.answer`] = request.answer;
  }
  return Object.fromEntries(
    Object.entries(all).map(([name, schema]) => [
      name,
      z.toJSONSchema(schema, { io: 'input', unrepresentable: 'any' }),
    ]),
  );
}
