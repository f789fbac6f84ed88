import { ACCOUNT, TOPIC_ARN } from '../deployment';
import type { JobName } from '../invocations';
import type { World } from '../world';

/** How often a job that failed or died is started again before people are told, and how long after it. */
const RESTARTS = 2;
const RESTART_AFTER_MS = 5 * 60_000;

/** A job of the controls. It is run as every cluster does: by a cron daemon with a restart policy, under a monitor. */
export interface Job {
  readonly name: JobName;
  readonly keyName: string;
  /** What it does, in words. */
  readonly doing: string;
  readonly work: () => Promise<void>;
}

/** Starts a job after a while, and again if it fails or dies; when that does not help, the monitor tells people. */
export function startJob(world: World, job: Job, afterMs = 0, restarts = RESTARTS): void {
  world.timeline.after(afterMs, `${job.name}: ${job.doing}`, () => {
    // Not waited for: time goes on while the job waits for an answer.
    void world.runJob(job.name, job.work).then((result) => {
      if (result.ok) return;
      if (restarts > 0) startJob(world, job, RESTART_AFTER_MS, restarts - 1);
      else tellPeople(world, job, result.error);
    });
  });
}

function tellPeople(world: World, { name, keyName, doing }: Job, error: string): void {
  const monitor = { accountId: ACCOUNT, arn: `arn:aws:sts::${ACCOUNT}:assumed-role/job-monitor/monitor`, userId: 'AROAMONITOR:monitor' };
  const message = {
    TopicArn: TOPIC_ARN,
    Subject: `${name} failed`,
    Message: `${doing} failed ${1 + RESTARTS} times: ${error}`,
    MessageAttributes: [{ Name: 'key', Value: { DataType: 'String', StringValue: keyName } }],
  };
  world.sns.call('Publish', message, monitor);
}
