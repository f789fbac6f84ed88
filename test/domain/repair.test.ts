import { repairSchema, type Repair } from '../../lambdas/domain/repair';

const ARN = 'arn:aws:kms:eu-central-1:111122223333:key/1234abcd-12ab-34cd-56ef-1234567890ab';

test.each<Repair>([
  { kind: 'compare' },
  { kind: 'repoint-alias' },
  { kind: 'enable', version: 2 },
  { kind: 'cancel-deletion', version: 2 },
  { kind: 'accept-key', keyArn: ARN },
  { kind: 'accept-key', keyArn: ARN.replace('aws', 'aws-us-gov').replace('1234abcd', 'mrk-1234abcd') },
  { kind: 'rebaseline-ledger' },
])('%j can be asked for', (repair) => expect(repairSchema.parse(repair)).toEqual(repair));

test.each<Readonly<Record<string, unknown>>>([
  {},
  { kind: 'delete' },
  { kind: 'compare', version: 2 },
  { kind: 'repoint-alias', version: 2 },
  { kind: 'rebaseline-ledger', version: 2 },
  { kind: 'enable' },
  { kind: 'enable', version: 0 },
  { kind: 'cancel-deletion', version: 1.5 },
  { kind: 'accept-key' },
  { kind: 'accept-key', keyArn: '1234abcd-12ab-34cd-56ef-1234567890ab' },
  { kind: 'accept-key', keyArn: `x${ARN}` },
  { kind: 'accept-key', keyArn: `${ARN}/x` },
  { kind: 'accept-key', keyArn: ARN.replace(':key/', ':alias/') },
  { kind: 'accept-key', keyArn: ARN.replace('111122223333', '1111222233') },
])('%j cannot', (repair) => expect(repairSchema.safeParse(repair).success).toBe(false));
