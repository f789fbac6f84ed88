import { z } from 'zod';
import { parsePayload } from './task-handler';

/** What CloudFormation sends. @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html */
const request = z.object({
  RequestType: z.enum(['Create', 'Update', 'Delete']),
  ResponseURL: z.url(),
  StackId: z.string(),
  RequestId: z.string(),
  LogicalResourceId: z.string(),
  ResourceProperties: z.record(z.string(), z.unknown()),
});
export type CustomResourceRequest = z.infer<typeof request>;

/** The fixed id: an update never replaces the resource, so it never deletes anything. */
const PHYSICAL_ID = 'keyturn-keys';

/** CloudFormation cuts a reason off, and the whole answer may have 4,096 bytes. */
const MAX_REASON_LENGTH = 3_000;

/** Runs `work` and tells CloudFormation how it ended: a failure is an answer, too, or the deployment would hang. */
export async function answerCustomResource(event: unknown, work: (request: CustomResourceRequest) => Promise<void>): Promise<void> {
  const received = parsePayload(request, event);
  const outcome = await work(received).then(
    () => ({ Status: 'SUCCESS' as const, Reason: '' }),
    (error: unknown) => ({ Status: 'FAILED' as const, Reason: (error instanceof Error ? error.message : String(error)).slice(0, MAX_REASON_LENGTH) }),
  );
  const { StackId, RequestId, LogicalResourceId, ResponseURL } = received;
  const body = JSON.stringify({ ...outcome, PhysicalResourceId: PHYSICAL_ID, StackId, RequestId, LogicalResourceId });
  const response = await fetch(ResponseURL, { method: 'PUT', body, headers: { 'content-type': '' } });
  if (!response.ok) throw new Error(`CloudFormation did not take the answer: HTTP ${response.status}`);
}
