import { createHash } from 'node:crypto';
import { sha256Of } from './bundle-files';
import { type FunctionVersion, logGroupOf } from './function';

/** A function version as Lambda's API describes it. @see https://docs.aws.amazon.com/lambda/latest/api/API_GetFunctionConfiguration.html */
export function describeVersion({ config, version, modifiedAtMs }: FunctionVersion, arn: string): Readonly<Record<string, unknown>> {
  const { name, roleArn, handler, environment, timeoutSeconds, memoryMb, bundle, runtime, deadLetterArn, description = '', architectures = ['x86_64'] } = config;
  const digest = sha256Of(bundle);
  return {
    FunctionName: name,
    FunctionArn: arn,
    ...(runtime !== undefined && { Runtime: runtime }),
    Role: roleArn,
    Handler: handler,
    CodeSize: Buffer.byteLength(bundle.source),
    Description: description,
    Timeout: timeoutSeconds,
    MemorySize: memoryMb,
    LastModified: new Date(modifiedAtMs).toISOString().replace('Z', '+0000'),
    CodeSha256: digest.toString('base64'),
    Version: version,
    ...(Object.keys(environment).length > 0 && { Environment: { Variables: environment } }),
    ...(deadLetterArn !== undefined && { DeadLetterConfig: { TargetArn: deadLetterArn } }),
    TracingConfig: { Mode: 'PassThrough' },
    RevisionId: revisionOf(`${arn} ${version} ${String(modifiedAtMs)} ${digest.toString('hex')}`),
    State: 'Active',
    LastUpdateStatus: 'Successful',
    PackageType: 'Zip',
    Architectures: architectures,
    EphemeralStorage: { Size: 512 },
    LoggingConfig: { LogFormat: 'Text', LogGroup: logGroupOf(config) },
  };
}

/** An id that changes with what it is made of, as AWS's revision ids do. */
export function revisionOf(content: string): string {
  const hex = createHash('sha256').update(content).digest('hex');
  return `${hex.slice(0, 8)}-${hex.slice(8, 12)}-4${hex.slice(13, 16)}-a${hex.slice(17, 20)}-${hex.slice(20, 32)}`;
}
