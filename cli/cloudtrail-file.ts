import { readFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';
import { z } from 'zod';
import type { CloudTrailRecord } from '../lambdas/domain/audit/cloudtrail';
import { CliError } from './cli-error';

const record = z.looseObject({
  eventID: z.string(),
  eventTime: z.iso.datetime({ offset: true }),
  eventSource: z.string(),
  eventName: z.string(),
  errorCode: z.string().optional(),
  userIdentity: z.looseObject({ arn: z.string().optional(), invokedBy: z.string().optional(), sessionContext: z.looseObject({ sessionIssuer: z.looseObject({ arn: z.string().optional() }).optional() }).optional() }),
  requestParameters: z.record(z.string(), z.unknown()).nullish(),
  resources: z.array(z.looseObject({ ARN: z.string().optional() })).nullish(),
});
const logFile = z.looseObject({ Records: z.array(record) });
const lookedUp = z.looseObject({ Events: z.array(z.looseObject({ CloudTrailEvent: z.string() })) });

/**
 * Reads an export of CloudTrail: a log file as S3 holds it, compressed or not, or what `aws cloudtrail lookup-events` prints.
 * @returns the records of KMS
 * @throws {CliError} for anything else.
 */
export function readCloudTrail(file: string): readonly CloudTrailRecord[] {
  return recordsIn(file)
    .filter(({ eventSource }) => eventSource === 'kms.amazonaws.com')
    .map(({ eventID, eventTime, eventName, errorCode, userIdentity, requestParameters, resources }) => ({
      eventID,
      eventTime,
      eventName,
      errorCode,
      // Of an assumed role the role's own ARN, which has its path.
      actor: userIdentity.sessionContext?.sessionIssuer?.arn ?? userIdentity.arn ?? userIdentity.invokedBy ?? 'unknown',
      requestParameters: requestParameters ?? {},
      keyArn: resources?.find(({ ARN: arn }) => arn?.includes(':key/'))?.ARN,
    }));
}

function recordsIn(file: string): readonly z.infer<typeof record>[] {
  try {
    const bytes = readFileSync(file);
    const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
    const content: unknown = JSON.parse((isCompressed ? gunzipSync(bytes) : bytes).toString('utf8'));
    const log = logFile.safeParse(content);
    if (log.success) return log.data.Records;
    return lookedUp.parse(content).Events.map(({ CloudTrailEvent: text }) => record.parse(JSON.parse(text)));
  } catch (error) {
    const what = error instanceof z.ZodError ? z.prettifyError(error) : String(error);
    throw new CliError(`--cloudtrail ${file} is no export of CloudTrail: ${what}. Give a log file from S3, or what \`aws cloudtrail lookup-events\` prints as JSON.`);
  }
}
