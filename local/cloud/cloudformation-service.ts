import { AwsError, notModelled } from '../kernel/aws-error';
import type { Service } from '../kernel/service';
import { isRecord } from '../wire/protocol';

/** A stack as DescribeStacks answers it. */
export interface StackDescription {
  readonly stackId: string;
  readonly stackName: string;
  readonly status: string;
  readonly createdAtMs: number;
  readonly outputs: Readonly<Record<string, string>>;
}

/** CloudFormation, as far as consumers ask it: the outputs of a stack. */
export class CloudFormationService implements Service {
  private readonly stacks = new Map<string, StackDescription>();

  /** Records a stack; one that exists keeps its creation time. */
  putStack(stack: StackDescription): void {
    const createdAtMs = this.stacks.get(stack.stackName)?.createdAtMs ?? stack.createdAtMs;
    this.stacks.set(stack.stackName, { ...stack, createdAtMs });
  }

  call(operation: string, input: unknown): unknown {
    if (operation !== 'DescribeStacks' || !isRecord(input)) throw notModelled(`CloudFormation ${operation}`);
    const wanted = input['StackName'];
    const stacks = [...this.stacks.values()].filter(({ stackName, stackId }) => wanted === undefined || wanted === stackName || wanted === stackId);
    if (stacks.length === 0 && wanted !== undefined) throw new AwsError('ValidationError', `Stack with id ${JSON.stringify(wanted)} does not exist`);
    return {
      Stacks: stacks.map(({ stackId, stackName, status, createdAtMs, outputs }) => ({
        StackId: stackId,
        StackName: stackName,
        CreationTime: new Date(createdAtMs).toISOString(),
        StackStatus: status,
        Outputs: Object.entries(outputs).map(([OutputKey, OutputValue]) => ({ OutputKey, OutputValue })),
      })),
    };
  }
}
