import type { LambdaService } from '../lambda/lambda-service';
import type { WireRequest, WireResponse } from '../wire/message';
import { isRecord, textOf } from '../wire/protocol';

/** Where functions answer, before the request's id. */
export const RESPONSE_PREFIX = '/_custom-resource/';

/** What CloudFormation asks a custom resource's function. */
export interface CustomResourceRequest {
  readonly type: 'Create' | 'Update' | 'Delete';
  readonly resourceType: string;
  readonly logicalId: string;
  readonly stackId: string;
  readonly serviceToken: string;
  readonly properties: Readonly<Record<string, unknown>>;
  /** For an update or a deletion. */
  readonly physicalId?: string;
  /** For an update. */
  readonly oldProperties?: Readonly<Record<string, unknown>>;
}

export interface CustomResourceAnswer {
  readonly physicalId: string;
  readonly data: Readonly<Record<string, unknown>>;
}

/**
 * Asks functions as CloudFormation does, and takes their answers at a URL.
 * @see https://docs.aws.amazon.com/AWSCloudFormation/latest/UserGuide/crpg-ref-requests.html
 */
export class CustomResources {
  private readonly answers = new Map<string, Record<string, unknown>>();

  constructor(
    private readonly lambda: LambdaService,
    private readonly nextId: () => string,
    private readonly endpoint: () => string,
  ) {}

  /** @throws {Error} with the function's reason, when it fails or does not answer. */
  async ask(request: CustomResourceRequest): Promise<CustomResourceAnswer> {
    const requestId = this.nextId();
    const event = {
      RequestType: request.type,
      ResponseURL: `${this.endpoint()}${RESPONSE_PREFIX}${requestId}`,
      StackId: request.stackId,
      RequestId: requestId,
      ResourceType: request.resourceType,
      LogicalResourceId: request.logicalId,
      ServiceToken: request.serviceToken,
      ...(request.physicalId !== undefined && { PhysicalResourceId: request.physicalId }),
      ResourceProperties: asText(request.properties),
      ...(request.oldProperties !== undefined && { OldResourceProperties: asText(request.oldProperties) }),
    };
    const result = await this.lambda.invoke(request.serviceToken, JSON.stringify(event), { actor: 'cloudformation.amazonaws.com' });
    const answer = this.answers.get(requestId);
    this.answers.delete(requestId);
    if (answer === undefined) {
      throw new Error(result.errorType === undefined ? 'its function ended without an answer' : `its function failed with ${result.errorType}: ${result.errorMessage ?? ''}`);
    }
    if (answer['Status'] !== 'SUCCESS') throw new Error(String(answer['Reason']));
    return { physicalId: String(answer['PhysicalResourceId']), data: isRecord(answer['Data']) ? answer['Data'] : {} };
  }

  /** Takes one answer, as the presigned URL does. */
  readonly receive = (request: WireRequest): Promise<WireResponse> => {
    const answer: unknown = JSON.parse(Buffer.from(request.body).toString('utf8'));
    const isTaken = request.method === 'PUT' && isRecord(answer);
    if (isTaken) this.answers.set(request.path.slice(RESPONSE_PREFIX.length), answer);
    return Promise.resolve({ statusCode: isTaken ? 200 : 400, headers: {}, body: new Uint8Array() });
  };
}

/** CloudFormation gives numbers and booleans as text. */
function asText(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(asText);
  if (isRecord(value)) return Object.fromEntries(Object.entries(value).map(([name, member]) => [name, asText(member)]));
  return value === null || value === undefined ? value : textOf(value);
}
