import type { Approval } from '../../lambdas/domain/approval';
import { MAX_NOTED_APPROVALS, MAX_PENDING_REQUESTS, noteAnswer, noteApproval } from '../../lambdas/domain/approval-notes';
import type { ManagedKey } from '../../lambdas/domain/managed-key';
import { bootstrapped, draining, error } from './living-key';

const AT = '2026-04-04T00:00:00.000Z';

const approval = (id: string, changes: Partial<Approval> = {}): Approval => ({
  id,
  key: 'orders',
  purpose: 'repair',
  question: 'Compare?',
  rev: 1,
  requestedBy: 'arn:alice',
  requestedAt: '2026-04-02T00:00:00.000Z',
  expiresAt: '2026-04-09T00:00:00.000Z',
  approversNeeded: 1,
  rotationId: null,
  version: null,
  errorClass: null,
  facts: {},
  votes: [],
  outcome: null,
  ...changes,
});
const answered = approval('a1', { outcome: 'approve', votes: [{ answer: 'approve', by: 'arn:bob', at: '2026-04-03T00:00:00.000Z', reason: 'fine' }] });

test('a note names the approval and raises no revision, or it would make the question void', () => {
  const living = bootstrapped();
  const { rev } = living.key;
  expect(living.apply(noteApproval(living.key, approval('a1'), [], AT))).toBe(true);
  expect(living.key).toMatchObject({ approvals: ['a1'], rev });
  expect(living.ledger.at(-1)).toMatchObject({ type: 'ApprovalRequested', by: 'arn:alice', facts: { approval: 'a1', purpose: 'repair' } });
  expect(living.apply(noteApproval(living.key, approval('a1'), [], AT))).toBe(false);
});

test('an outcome stands in the ledger once, with who answered', () => {
  const living = bootstrapped();
  const { rev } = living.key;
  living.apply(noteApproval(living.key, approval('a1'), [], AT));
  expect(living.apply(noteAnswer(living.key, approval('a1')))).toBe(false);
  expect(living.apply(noteAnswer(living.key, answered))).toBe(true);
  expect(living.key.rev).toBe(rev);
  expect(living.ledger.at(-1)).toMatchObject({ type: 'ApprovalAnswered', at: '2026-04-03T00:00:00.000Z', by: 'arn:bob', facts: { answer: 'approve', answeredBy: 'arn:bob', requestedBy: 'arn:alice' } });
  expect(living.apply(noteAnswer(living.key, answered))).toBe(false);
});

describe('room for one more', () => {
  const ids = (count: number): readonly string[] => Array.from({ length: count }, (_, index) => `a${index}`);
  const key = (approvals: readonly string[]): ManagedKey => ({ ...draining().key, approvals });
  /** As the key names them: open, but for what is changed. */
  const noted = ({ approvals, rev }: ManagedKey, changes: Readonly<Record<string, Partial<Approval>>> = {}): readonly Approval[] =>
    approvals.map((id) => approval(id, { rev, ...changes[id] }));
  const namedAfter = (of: ManagedKey, asked: Approval, known: readonly Approval[]): readonly string[] | undefined => {
    const decision = noteApproval(of, asked, known, AT);
    return decision.kind === 'write' ? decision.next.approvals : undefined;
  };

  test.each<[string, Partial<Approval>]>([
    ['was carried out', { outcome: 'approve', isCarriedOut: true }],
    ['is void', { rev: -1 }],
    ['has expired', { expiresAt: AT }],
  ])('is made by what %s, and the older question that still matters stays', (_, past) => {
    const full = key(ids(MAX_NOTED_APPROVALS));
    const known = noted(full, Object.fromEntries(ids(MAX_NOTED_APPROVALS).slice(5).map((id) => [id, past])));
    expect(namedAfter(full, approval('new'), known)).toEqual([...ids(MAX_NOTED_APPROVALS).filter((id) => id !== 'a5'), 'new']);
  });

  test('is not made by an answer that nobody has carried out, nor by the question that the owner waits for', () => {
    const full = key(ids(MAX_NOTED_APPROVALS));
    const rotationId = full.lease!.rotationId;
    const known = noted(full, {
      ...Object.fromEntries(ids(MAX_NOTED_APPROVALS).slice(4).map((id) => [id, { rev: -1 }])),
      a0: { outcome: 'approve', rev: -1 },
      a1: { purpose: 'disable', rotationId, rev: -1 },
      a2: { purpose: 'disable', rotationId, rev: -1 },
      a3: { purpose: 'disable', rotationId: 'orders-20250101T0000Z-a1', rev: -1 },
    });
    // Of the questions of one owner only the last has somebody who waits for it.
    expect(namedAfter(full, approval('b1'), known)).toEqual([...ids(MAX_NOTED_APPROVALS).filter((id) => id !== 'a1'), 'b1']);
    const next = key(ids(MAX_NOTED_APPROVALS).filter((id) => id !== 'a1').concat('b1'));
    expect(namedAfter(next, approval('b2'), known)).toEqual([...next.approvals.filter((id) => id !== 'a3'), 'b2']);
  });

  test('is not made by the only question that the owner waits for; with no owner nobody waits', () => {
    const full = key(ids(MAX_NOTED_APPROVALS));
    const known = noted(full, {
      ...Object.fromEntries(ids(MAX_NOTED_APPROVALS).slice(1).map((id) => [id, { rev: -1 }])),
      a0: { purpose: 'disable', rotationId: full.lease!.rotationId, rev: -1 },
    });
    expect(namedAfter(full, approval('b1'), known)).toEqual([...full.approvals.filter((id) => id !== 'a1'), 'b1']);
    expect(namedAfter({ ...full, lease: null }, approval('b1'), known)).toEqual([...full.approvals.slice(1), 'b1']);
  });

  test('is refused to people once as much is pending as may be, and never to an execution', () => {
    const full = key(ids(MAX_PENDING_REQUESTS));
    const refused = (known: readonly Approval[]) => expect(() => noteApproval(full, approval('new'), known, AT));
    refused(noted(full)).toThrow(error({ name: 'RotationNotAllowed', message: expect.stringContaining('15 requests are pending, and at most 15 may be: a0 (repair, by arn:alice), a1 (repair') }));
    refused(noted(full)).toThrow('deny them (keyturn deny <id>)');
    // What somebody else asked since they were read counts, too.
    refused([]).toThrow('15 requests are pending');
    expect(namedAfter(full, approval('new'), noted(full, { a7: { rev: -1 } }))).toEqual([...full.approvals, 'new']);
    expect(namedAfter(full, approval('new'), noted(full, { a7: { purpose: 'revoke' } }))).toEqual([...full.approvals, 'new']);
    for (const purpose of ['recover', 'disable', 'revoke'] as const) expect(namedAfter(full, approval('new', { purpose }), noted(full))).toEqual([...full.approvals, 'new']);
    const fullOfOpen = key(ids(MAX_NOTED_APPROVALS));
    expect(namedAfter(fullOfOpen, approval('new', { purpose: 'recover' }), noted(fullOfOpen))).toEqual([...ids(MAX_NOTED_APPROVALS).slice(1), 'new']);
  });
});
