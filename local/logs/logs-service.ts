import { z } from 'zod';
import { AwsError, notModelled } from '../kernel/aws-error';
import type { Caller, Service } from '../kernel/service';
import { logStreamOf, type LogLine } from '../lambda/function';
import { Operations } from '../wire/operations';
import { pageOf } from '../wire/paging';

export interface LogsOptions {
  readonly accountId: string;
  readonly region: string;
  /** What was written to each log group, oldest first. */
  readonly groups: () => ReadonlyMap<string, readonly LogLine[]>;
}

interface LogEvent extends LogLine {
  /** Unique in its group. */
  readonly id: string;
}

/** Events of one answer. @see https://docs.aws.amazon.com/AmazonCloudWatchLogs/latest/APIReference/API_FilterLogEvents.html */
const MAX_EVENTS = 10_000;

const logGroupName = z.string().min(1).max(512);
const nextToken = z.string().optional();
const startTime = z.int().optional();
const endTime = z.int().optional();
const limit = z.int().min(1).max(MAX_EVENTS).default(MAX_EVENTS);

const shapes = {
  describeGroups: z.strictObject({ logGroupNamePrefix: z.string().optional(), logGroupNamePattern: z.string().optional(), limit: z.int().min(1).max(50).default(50), nextToken }),
  describeStreams: z.strictObject({
    logGroupName,
    logStreamNamePrefix: z.string().optional(),
    orderBy: z.enum(['LogStreamName', 'LastEventTime']).optional(),
    descending: z.boolean().optional(),
    limit: z.int().min(1).max(50).default(50),
    nextToken,
  }),
  filter: z.strictObject({
    logGroupName,
    logStreamNames: z.array(z.string()).optional(),
    logStreamNamePrefix: z.string().optional(),
    filterPattern: z.string().default(''),
    startTime,
    endTime,
    interleaved: z.boolean().optional(),
    limit,
    nextToken,
  }),
  get: z.strictObject({ logGroupName, logStreamName: z.string(), startTime, endTime, startFromHead: z.boolean().default(false), limit, nextToken }),
};

/** CloudWatch Logs, to read what functions have written; one stream per version of a function. Not modelled: writing, filter patterns other than terms, queries. */
export class LogsService implements Service {
  private readonly operations = new Operations('CloudWatch Logs', 'InvalidParameterException')
    .on('DescribeLogGroups', shapes.describeGroups, ({ logGroupNamePrefix = '', logGroupNamePattern = '', limit: size, nextToken: token }) => {
      const names = [...this.options.groups().keys()].filter((name) => name.startsWith(logGroupNamePrefix) && name.includes(logGroupNamePattern)).sort();
      const page = pageOf(names, (name) => name, size, token, invalidToken);
      return { logGroups: page.items.map((name) => this.describeGroup(name)), ...tokenOf(page) };
    })
    .on('DescribeLogStreams', shapes.describeStreams, ({ logGroupName: group, logStreamNamePrefix = '', orderBy, descending, limit: size, nextToken: token }) => {
      const streams = this.streamsOf(group).filter(({ logStreamName }) => logStreamName.startsWith(logStreamNamePrefix));
      if (orderBy === 'LastEventTime') streams.sort((a, b) => a.lastEventTimestamp - b.lastEventTimestamp);
      const page = pageOf(descending === true ? streams.reverse() : streams, ({ logStreamName }) => logStreamName, size, token, invalidToken);
      return { logStreams: page.items, ...tokenOf(page) };
    })
    .on('FilterLogEvents', shapes.filter, (request) => this.filter(request))
    .on('GetLogEvents', shapes.get, (request) => this.get(request));

  constructor(private readonly options: LogsOptions) {}

  call(operation: string, input: unknown, caller: Caller): unknown {
    return this.operations.call(operation, input, caller);
  }

  private filter(request: z.output<typeof shapes.filter>): unknown {
    const { logStreamNames, logStreamNamePrefix = '' } = request;
    const matches = termsOf(request.filterPattern);
    const events = this.eventsOf(request.logGroupName, request).filter((event) => {
      const stream = logStreamOf(event.version);
      return matches(event.text) && stream.startsWith(logStreamNamePrefix) && (logStreamNames === undefined || logStreamNames.includes(stream));
    });
    const page = pageOf(events, ({ id }) => id, request.limit, request.nextToken, invalidToken);
    return {
      events: page.items.map((event) => ({ logStreamName: logStreamOf(event.version), ...described(event), eventId: event.id })),
      searchedLogStreams: [],
      ...tokenOf(page),
    };
  }

  /** The newest events, or the oldest from the head on; tokens go on in both directions and stay the same at an end. */
  private get(request: z.output<typeof shapes.get>): unknown {
    const { logGroupName: group, logStreamName, startFromHead, limit: size, nextToken: token } = request;
    if (!this.streamsOf(group).some((stream) => stream.logStreamName === logStreamName)) throw new AwsError('ResourceNotFoundException', 'The specified log stream does not exist.');
    const events = this.eventsOf(group, request).filter(({ version }) => logStreamOf(version) === logStreamName);
    const [, direction, at] = /^([fb])\/(\d+)$/.exec(token ?? '') ?? [];
    if (token !== undefined && at === undefined) throw invalidToken();
    const isForward = direction === undefined ? startFromHead : direction === 'f';
    const from = isForward ? Number(at ?? 0) : Math.max(0, Number(at ?? events.length) - size);
    const to = isForward ? Math.min(events.length, from + size) : Number(at ?? events.length);
    return { events: events.slice(from, to).map(described), nextForwardToken: `f/${String(to)}`, nextBackwardToken: `b/${String(from)}` };
  }

  private describeGroup(name: string): unknown {
    const lines = this.lines(name);
    const arn = `arn:aws:logs:${this.options.region}:${this.options.accountId}:log-group:${name}`;
    const storedBytes = lines.reduce((sum, { text }) => sum + Buffer.byteLength(text), 0);
    return { logGroupName: name, creationTime: lines[0]?.atMs ?? 0, metricFilterCount: 0, arn: `${arn}:*`, logGroupArn: arn, storedBytes, logGroupClass: 'STANDARD' };
  }

  private streamsOf(group: string) {
    const versions = [...new Set(this.lines(group).map(({ version }) => version))].sort();
    return versions.map((version) => {
      const lines = this.lines(group).filter((line) => line.version === version);
      const first = lines[0]?.atMs ?? 0;
      const last = lines.at(-1)?.atMs ?? 0;
      return { logStreamName: logStreamOf(version), creationTime: first, firstEventTimestamp: first, lastEventTimestamp: last, lastIngestionTime: last };
    });
  }

  private eventsOf(group: string, { startTime: fromMs, endTime: toMs }: { readonly startTime?: number | undefined; readonly endTime?: number | undefined }): readonly LogEvent[] {
    return this.lines(group)
      .map((line, index) => ({ ...line, id: String(index).padStart(20, '0') }))
      .filter(({ atMs }) => (fromMs === undefined || atMs >= fromMs) && (toMs === undefined || atMs < toMs));
  }

  private lines(group: string): readonly LogLine[] {
    const lines = this.options.groups().get(group);
    if (lines === undefined) throw new AwsError('ResourceNotFoundException', 'The specified log group does not exist.');
    return lines;
  }
}

function described({ atMs, text }: LogEvent): Readonly<Record<string, unknown>> {
  return { timestamp: atMs, message: text.replace(/\n$/, ''), ingestionTime: atMs };
}

/** Terms that must all occur, words or in double quotes. @throws {AwsError} `NotModelledLocally` for other patterns. */
function termsOf(pattern: string): (text: string) => boolean {
  if (!/^\s*(?:(?:"[^"]*"|[\w.:/@-]+)\s*)*$/.test(pattern) || /(?:^|\s)-/.test(pattern)) throw notModelled(`the filter pattern ${pattern}`);
  const terms = [...pattern.matchAll(/"([^"]*)"|(\S+)/g)].map(([, quoted, word]) => quoted ?? word ?? '');
  return (text) => terms.every((term) => text.includes(term));
}

function tokenOf({ token }: { readonly token?: string }): { readonly nextToken?: string } {
  return token === undefined ? {} : { nextToken: token };
}

function invalidToken(): AwsError {
  return new AwsError('InvalidParameterException', 'The specified nextToken is invalid.');
}
