import type { Execution } from '../asl/execution';
import type { Clock } from '../kernel/clock';

/**
 * For so long after its end an execution can be read and its name cannot be used again.
 * @see https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html
 */
const RETENTION_MS = 90 * 86_400_000;

/** The executions of all state machines, while AWS would remember them. */
export class ExecutionStore {
  private readonly byArn = new Map<string, Execution>();
  /** In the order in which they ended. */
  private readonly ended: Execution[] = [];

  constructor(private readonly clock: Clock) {}

  add(execution: Execution): void {
    this.byArn.set(execution.arn, execution);
  }

  /** Starts the retention of an execution that just ended. */
  retire(execution: Execution): void {
    this.ended.push(execution);
  }

  find(arn: string): Execution | undefined {
    this.forgetExpired();
    return this.byArn.get(arn);
  }

  /** Latest start first. */
  list(machineArn: string): readonly Execution[] {
    this.forgetExpired();
    return [...this.byArn.values()].filter((execution) => execution.machineArn === machineArn).reverse();
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
