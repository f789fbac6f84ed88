import { Logger } from '@aws-lambda-powertools/logger';
import { Metrics, MetricUnit } from '@aws-lambda-powertools/metrics';
import type { FunctionName } from '../contract/functions';
import { METRICS_NAMESPACE, type GaugeName } from '../contract/names';

type Fields = Readonly<Record<string, unknown>>;

/** What a function says about its work. Events are never logged whole: they may hold a task token. */
export interface Telemetry {
  info(message: string, fields: Fields): void;
  warn(message: string, fields: Fields): void;
  /** Counts one failed task by the name of its error. */
  countFailure(error: string): void;
  /** States how something stands, as a metric without dimensions. */
  gauge(name: GaugeName, value: number): void;
}

/** Structured log lines and embedded metrics, as Lambda collects them from the function's output. */
export function telemetryFor(functionName: FunctionName): Telemetry {
  const logger = new Logger({ serviceName: 'keyturn', persistentLogAttributes: { task: functionName } });
  const metrics = new Metrics({ namespace: METRICS_NAMESPACE, serviceName: 'keyturn' });
  return {
    gauge: (name, value) => {
      metrics.singleMetric().addMetric(name, name.endsWith('Seconds') ? MetricUnit.Seconds : MetricUnit.Count, value);
    },
    info: (message, fields) => {
      logger.info(message, fields);
    },
    warn: (message, fields) => {
      logger.warn(message, fields);
    },
    countFailure: (error) => {
      metrics.singleMetric().addDimension('error', error).addMetric('TaskFailed', MetricUnit.Count, 1);
    },
  };
}
