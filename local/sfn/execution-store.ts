import type { Execution } from '../asl/execution';
import type { Clock } from '../kernel/clock';
import type { StateMachine } from './state-machines';

/**
 * For so long after its end an execution can be read and its name cannot be used again.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
const RETENTION_MS = 90 * 86_400_000;

/** An execution and the revision of the machine that it runs. */
export interface StoredExecution {
  readonly execution: Execution;
  readonly machine: StateMachine;
}

/** The executions of all state machines, while AWS would remember them. */
export class ExecutionStore {
  private readonly byArn = new Map<string, StoredExecution>();
  /** In the order in which they ended. */
  private ended: Execution[] = [];

  constructor(private readonly clock: Clock) {}

  add(stored: StoredExecution): void {
    this.byArn.set(stored.execution.arn, stored);
  }

  /** Starts the retention of an execution that just ended. */
  retire(execution: Execution): void {
    this.ended.push(execution);
  }

  /** Stops the retention of an execution that runs again. */
  revive(execution: Execution): void {
    this.ended = this.ended.filter((candidate) => candidate !== execution);
  }

  find(arn: string): StoredExecution | undefined {
    this.forgetExpired();
    return this.byArn.get(arn);
  }

  /** Latest start first. */
  list(machineArn: string): readonly Execution[] {
    this.forgetExpired();
    return [...this.byArn.values()].flatMap(({ execution }) => (execution.machineArn === machineArn ? [execution] : [])).reverse();
  }

  /** In the order of their starts. */
  all(): readonly StoredExecution[] {
    this.forgetExpired();
    return [...this.byArn.values()];
  }

  /** ARNs of those that are over, in the order in which they ended. */
  endedArns(): readonly string[] {
    this.forgetExpired();
    return this.ended.map(({ arn }) => arn);
  }

  /** Forgets the executions of a machine that is no more. */
  forget(machineArn: string): void {
    for (const [arn, { execution }] of this.byArn) if (execution.machineArn === machineArn) this.byArn.delete(arn);
    this.ended = this.ended.filter((execution) => execution.machineArn !== machineArn);
  }

  private forgetExpired(): void {
    const horizonMs = this.clock.nowMs() - RETENTION_MS;
    for (;;) {
      const [oldest] = this.ended;
      if (oldest?.endedAtMs === undefined || oldest.endedAtMs > horizonMs) return;
      this.ended.shift();
      this.byArn.delete(oldest.arn);
    }
  }
}
