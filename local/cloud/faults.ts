import { AwsError } from '../kernel/aws-error';
import { type Interceptor, LostAnswer, type ServiceCall } from '../wire/message';

/** One operation of one service, as SigV4 names the service: `kms` `CreateKey`, `sns` `Publish`. */
export interface FaultyCall {
  readonly service: string;
  readonly operation: string;
}

/**
 * What goes wrong between callers and the services of an account, switched while it runs. Callers see what they would see on AWS; what a
 * service itself can do wrong is switched there (see the switches of KMS).
 */
export class Faults {
  private readonly outages: FaultyCall[] = [];
  private readonly crashes: (FaultyCall & { readonly crash: (traceHeader: string) => void })[] = [];
  /** Trace headers of invocations whose process is dead: nothing of theirs has an effect any more. */
  private readonly dead = new Set<string>();

  readonly intercept: Interceptor = async (call, next) => {
    const { traceId } = call.caller;
    if (traceId !== undefined && this.dead.has(traceId)) throw new LostAnswer('The process that asked is dead');
    if (this.outages.some(isOf(call))) throw new AwsError('InternalError', `${call.service} does not work now`, 500);
    const position = this.crashes.findIndex(isOf(call));
    const [due] = traceId === undefined || position < 0 ? [] : this.crashes.splice(position, 1);
    const answer = await next();
    if (due === undefined || traceId === undefined) return answer;
    this.dead.add(traceId);
    due.crash(traceId);
    throw new LostAnswer('The process that asked died before it was answered');
  };

  /** Every such call fails with an internal error, without an effect. @returns what ends it */
  outage(fault: FaultyCall): () => void {
    this.outages.push(fault);
    return () => {
      this.outages.splice(this.outages.indexOf(fault), 1);
    };
  }

  /**
   * The next function that makes such a call dies once the call was applied, before it is answered.
   * @param crash ends the process of an invocation, told by its trace header
   */
  crashAfter(fault: FaultyCall, crash: (traceHeader: string) => void): void {
    this.crashes.push({ ...fault, crash });
  }
}

function isOf({ service, operation }: ServiceCall): (fault: FaultyCall) => boolean {
  return (fault) => fault.service === service && fault.operation === operation;
}
