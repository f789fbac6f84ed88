import { STACK_OUTPUTS } from '../../lambdas/contract/names';
import { instantOf } from '../../lambdas/domain/instant';
import { executionInput, rotationId, type Run } from '../../lambdas/domain/rotation-id';
import { windowAt } from '../../lambdas/domain/windows';
import type { Speed } from '../../local/cloud/pace';
import type { RunningCloud } from '../../local/cloud/running-cloud';
import { DEFAULT_ENDPOINT } from './default-endpoint';
import { exportLines, speedInWords } from './talk';

interface ReadyKey {
  readonly name: string;
  readonly alias: string;
  /** Name and input of the execution that rotates it in the window of now. */
  readonly rotation: { readonly name: string; readonly input: string };
  /** ARNs of the roles and users that acknowledge. */
  readonly principals: readonly string[];
}

/** What programs are told when the local cloud can be used. */
export interface Readiness {
  readonly endpoint: string;
  readonly region: string;
  readonly accountId: string;
  /** An administrator's, made for people: valid only here. */
  readonly credentials: { readonly accessKeyId: string; readonly secretAccessKey: string };
  readonly outputs: Readonly<Record<string, string>>;
  readonly keys: readonly ReadyKey[];
  readonly virtualTime: string;
  readonly speed: Speed;
}

export function readinessOf(running: RunningCloud): Readiness {
  const { cloud, pace, policies } = running;
  const { accessKeyId, secretAccessKey } = running.administrator();
  const now = instantOf(cloud.timeline.nowMs());
  return {
    endpoint: cloud.endpoint,
    region: cloud.region,
    accountId: cloud.accountId,
    credentials: { accessKeyId, secretAccessKey },
    outputs: cloud.outputs,
    keys: [...policies].sort((left, right) => (left.name < right.name ? -1 : 1)).map((policy) => {
      const run: Run = { kind: 'rotation', window: windowAt(policy, now), number: 1 };
      return {
        name: policy.name,
        alias: policy.alias,
        rotation: { name: rotationId(policy.name, run), input: JSON.stringify(executionInput(policy.name, run)) },
        principals: policy.dependents.flatMap((dependent) => (dependent.kind === 'event' ? [dependent.principal] : [])),
      };
    }),
    virtualTime: now,
    speed: pace.speed,
  };
}

/** What a person is shown: everything to paste. */
export function readyText({ endpoint, region, credentials, outputs, keys, virtualTime, speed }: Readiness): string {
  const machine = outputs[STACK_OUTPUTS.stateMachineArn];
  const topic = outputs[STACK_OUTPUTS.topicArn];
  const table = outputs[STACK_OUTPUTS.table];
  const at = endpoint === DEFAULT_ENDPOINT ? '' : ` --endpoint ${endpoint}`;
  const url = outputs[STACK_OUTPUTS.acknowledgeUrl];
  const [first] = keys;
  const [principal] = keys.flatMap(({ principals }) => principals);
  return `${[
    `The local AWS is ready at ${endpoint}. Virtual time is ${virtualTime}, ${speedInWords(speed)}.`,
    '',
    'An administrator, valid only here:',
    ...indented(exportLines({ AWS_ACCESS_KEY_ID: credentials.accessKeyId, AWS_SECRET_ACCESS_KEY: credentials.secretAccessKey, AWS_SESSION_TOKEN: undefined, AWS_REGION: region, AWS_DEFAULT_REGION: region, AWS_ENDPOINT_URL: endpoint }).split('\n')),
    '',
    'Clients, with the lines above pasted into their shell:',
    '  AWS CLI 2.13, newer  aws kms list-aliases',
    `  AWS CLI 1, older 2   aws --endpoint-url ${endpoint} kms list-aliases (always with it)`,
    `  boto3                boto3.client('kms', endpoint_url='${endpoint}')`,
    `  JavaScript SDK       new KMSClient({ endpoint: '${endpoint}' })`,
    ...section('Outputs of the stack:', Object.entries(outputs).map(([name, value]) => `${name.padEnd(20)} ${value}`)),
    ...section('Keys:', keys.map(({ name, alias }) => `${name.padEnd(20)} ${alias}`)),
    ...section('To do:', [
      ...(machine === undefined || first === undefined ? [] : [...howToStart(speed, machine, first), `watch it             aws stepfunctions list-executions --state-machine-arn ${machine}`]),
      ...(table === undefined ? [] : [`read the registry    aws dynamodb scan --table-name ${table}`]),
      ...(table === undefined || url === undefined || principal === undefined ? [] : howToAnswer(table, url, principal, at)),
      ...(table === undefined ? [] : [`keyturn's commands   npx keyturn status --local${endpoint === DEFAULT_ENDPOINT ? '' : ` ${endpoint}`} (and plan, rotate, hold, …)`]),
      `what is going on     npx keyturn local status${at}`,
      `let time pass        npx keyturn local advance 7d${at}`,
      `${topic === undefined ? 'read messages    ' : 'read the alerts  '}    npx keyturn local messages${at}`,
      `be someone else      npx keyturn local credentials <role-arn>${at}`,
      'stop                 Ctrl-C',
    ]),
    '',
  ].join('\n')}\n`;
}

/** By hand it can be started in the window of now only: while time jumps that is over before anybody has pasted a line. */
function howToStart(speed: Speed, machine: string, { rotation }: ReadyKey): readonly string[] {
  if (speed === 'jump') {
    return [
      'start a rotation     nothing to do: the schedule starts what is due, and time jumps on without waiting for you.',
      '                     To go step by step, and to answer for dependents, start with --speed 0.',
    ];
  }
  return [
    'start a rotation     the schedule starts what is due; before it does, by hand:',
    `                     aws stepfunctions start-execution --state-machine-arn ${machine} --name ${rotation.name} --input '${rotation.input}'`,
  ];
}

/** Who is asked, and how to answer as one of them. */
function howToAnswer(table: string, url: string, principal: string, at: string): readonly string[] {
  const columns = 'Items[].[dependent.S,phase.S,version.N,id.S,answer.M.verdict.S,principal.S]';
  return [
    `answer as dependent  who is asked what, and the verdict so far:`,
    `                     aws dynamodb scan --table-name ${table} --filter-expression 'sk = :ack' --expression-attribute-values '{":ack":{"S":"ACK"}}' --query '${columns}' --output text`,
    '                     and an answer, in a subshell that is the principal of that line:',
    `                     (eval "$(npx keyturn local credentials ${principal} --create${at})"; npx keyturn ack <id> --key-version <version> --url ${url})`,
  ];
}

function section(title: string, lines: readonly string[]): readonly string[] {
  return lines.length === 0 ? [] : ['', title, ...indented(lines)];
}

function indented(lines: readonly string[]): readonly string[] {
  return lines.map((line) => `  ${line}`);
}
