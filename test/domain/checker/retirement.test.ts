import { plusSeconds } from '../../../lambdas/domain/instant';
import type { ManagedKey } from '../../../lambdas/domain/managed-key';
import { expectViolation, type BadTrace } from './expect-violation';
import { A2, ALIAS, DAY, emergency, POLICY, story, verdictOf, type Step, type Story } from './story';

/** The story until `step`, which is told by `tell`; its result is the event that proves what is wrong. */
function told(step: Step, tell: (s: Story, original: () => void) => number, others: Parameters<typeof story>[0] = {}): { s: Story; proof: number[] } {
  let proof = -1;
  const s = story({ ...others, [step]: (t: Story, original: () => void) => (proof = tell(t, original)) }, step);
  return { s, proof: [proof] };
}

const firstOf = (s: Story, original: () => void): number => {
  const first = s.seq + 1;
  original();
  return first;
};
const policy = (change: Partial<typeof POLICY>) => (s: Story) => void s.write('PolicyChanged', 'registrar', { policy: { ...POLICY, ...change } });
const note = (s: Story) => ({ by: 'eve', at: s.now, reason: 'legal' });
const revokedAt = (s: Story): number => s.events.findLast((event) => event.type === 'kms.key-state-changed' && event.to === 'PendingDeletion')?.seq ?? -1;
const EVE = 'arn:aws:iam::1:user/eve';
const skip = (): void => undefined;
const withoutBake = (key: ManagedKey): ManagedKey => { const { revokeNotBefore: _gone, ...v1 } = key.versions['v1']!; return { ...key, versions: { ...key.versions, v1: { ...v1, status: 'DEPRECATED' } } }; };

const BAD: readonly BadTrace[] = [
  ['4 no retirement before its deadline', 'a version disabled in its drain', () => told('disable', firstOf, { drain: (s) => s.wait(DAY) })],
  ['4 no retirement before its deadline', 'a version disabled without a deadline', () => told('disable', firstOf, { confirm: skip })],
  ['4 no retirement before its deadline', 'the registry saying DISABLED before the deadline', () => told('commitDisable', firstOf, { drain: (s) => s.wait(DAY), disable: skip })],
  ['4 no retirement before its deadline', 'a version revoked in its bake', () => told('revoke', firstOf, { bake: (s) => s.wait(DAY) })],
  ['4 no retirement before its deadline', 'a version revoked that was never disabled', () => told('revoke', firstOf, { disable: skip, commitDisable: skip })],
  ['4 no retirement before its deadline', 'the registry saying REVOKED before the deadline', () => told('commitRevoke', firstOf, { bake: (s) => s.wait(DAY), revoke: skip })],
  ['4 drain and bake last as long as the policy says', 'a drain deadline that was written too early', () =>
    told('disable', firstOf, { confirm: (s) => s.write('PromotionConfirmed', A2, s.version(1, { drainFrom: s.now, disableNotBefore: s.now })), drain: (s) => s.wait(DAY) })],
  ['4 drain and bake last as long as the policy says', 'a drain that ignores the oldest backup', () => told('disable', firstOf, { live: (s, original) => { policy({ backupRetentionSeconds: 30 * DAY })(s); original(); } })],
  ['4 drain and bake last as long as the policy says', 'a bake deadline that was written too early', () =>
    told('revoke', firstOf, {
      commitDisable: (s) => s.write('VersionDisabled', A2, (key) => ({ ...s.version(1, { status: 'DISABLED', revokeNotBefore: s.now })(key), intent: null })),
      bake: (s) => s.wait(DAY),
    })],
  ['4 drain and bake last as long as the policy says', 'a bake that a use in between began anew', () =>
    told('revoke', firstOf, { bake: (s, original) => { original(); s.setState('k1', 'Enabled'); s.setState('k1', 'Disabled'); s.wait(DAY); } })],
  ['4 no retirement while the alias points to it', 'a version disabled under the alias', () => told('disable', firstOf, { moveAlias: skip })],
  ['4 no retirement while the alias points to it', 'a version disabled long after somebody moved the alias back', () =>
    told('disable', firstOf, { released: (s, original) => { original(); s.as({ actor: EVE }, () => s.point(ALIAS, 'k1')); s.wait(3600); } })],
  ['4 a key drains as long as was promised', 'a key that the alias was taken from once more', () => told('disable', firstOf, { released: (s, original) => { original(); s.as({ actor: EVE }, () => s.point(ALIAS, 'k1')); s.wait(3600); s.point(ALIAS, 'k2'); s.wait(3600); } })],
  ['4 no retirement against the policy', 'a kept version disabled', () => told('disable', firstOf, { live: (s, original) => { policy({ retirement: 'keep' })(s); original(); } })],
  ['4 no retirement against the policy', 'an adopted version disabled', () => told('disable', firstOf, { confirm: (s, original) => { original(); s.write('PolicyChanged', 'r', s.version(1, { retirement: 'keep' })); } })],
  ['4 no retirement against the policy', 'a version disabled after the policy was tightened to keep', () => told('disable', firstOf, { confirm: (s, original) => { original(); policy({ retirement: 'keep' })(s); } })],
  ['4 no retirement against the policy', 'a version deleted without autoDelete or approval', () => told('revoke', firstOf, { live: (s, original) => { policy({ autoDelete: false })(s); original(); } })],
  ['4 no version is disabled while it is in use', 'a version disabled that was used half a day before', () =>
    told('disable', firstOf, { drain: (s, original) => { original(); s.use('Decrypt', 'k1'); s.wait(DAY / 2); } })],
  ['4 no version is disabled while it is in use', 'a version whose last use was older than its idleness, and younger than what KMS could show of it', () =>
    told('disable', firstOf, { drain: (s, original) => { original(); s.use('Decrypt', 'k1'); s.wait(DAY + 1800); } })],
  ['4 dependents are ready before a promotion', 'a promotion without an answer', () => told('moveAlias', (s, original) => firstOf(s, original) + 1, { ready: skip })],
  ['4 dependents are ready before a promotion', 'a promotion after a no', () => told('moveAlias', (s, original) => firstOf(s, original) + 1, { ready: (s) => s.answer(2, 'ready', 'no') })],
  ['4 dependents are ready before a promotion', 'a promotion after an answer about another version', () => told('moveAlias', (s, original) => firstOf(s, original) + 1, { ready: (s) => s.answer(2, 'ready', 'yes', 1) })],
  ['4 dependents have released a version before it is disabled', 'a version disabled that nobody released', () => told('disable', firstOf, { released: skip })],
  ['6 nothing is retired while held or frozen', 'a held version revoked', () => told('revoke', firstOf, { bake: (s, original) => { s.write('HoldSet', 'eve', { hold: note(s) }); original(); } })],
  ['6 nothing is retired while held or frozen', 'an intent to revoke a held version', () => told('intendRevoke', firstOf, { bake: (s, original) => { s.write('HoldSet', 'eve', { hold: note(s) }); original(); } })],
  ['6 nothing is retired while held or frozen', 'a frozen version disabled', () => told('disable', firstOf, { drain: (s, original) => { s.put('FREEZE', null, note(s)); original(); } })],
  ['6 nothing is retired while held or frozen', 'a version disabled after keyturn took the freeze away without a repair', () =>
    told('disable', firstOf, { drain: (s, original) => { s.put('FREEZE', null, note(s)); s.put('FREEZE', note(s), null); original(); } })],
  ['6 nothing is retired while held or frozen', 'a call that comes long after the hold', () => told('revoke', firstOf, { intendRevoke: (s, original) => { original(); s.write('HoldSet', 'eve', { hold: note(s) }); s.wait(3600); } })],
  ['6 only the owner retires, by an intent', 'a version disabled after the lease was given back', () => told('disable', firstOf, { intendDisable: (s, original) => { original(); s.write('RotationAborted', A2, { lease: null }); } })],
  ['6 only the owner retires, by an intent', 'a version disabled without an intent', () => told('disable', firstOf, { intendDisable: skip })],
  ['6 only the owner retires, by an intent', 'a version revoked by another execution', () => {
    const evidence = told('revoke', (s, original) => { let seq = 0; s.as({ traceId: 'Root=zombie' }, () => (seq = firstOf(s, original))); return seq; });
    evidence.s.as({ traceId: 'Root=zombie' }, () => evidence.s.emit('lambda.invoked', { function: 'revoke', execution: 'orders-20260401T0000Z-a2', error: null }));
    return evidence;
  }],
  ['6 a hold after the call cancels the deletion', 'a held key deleted', () =>
    told('destroyed', (s) => { s.wait(7 * DAY); return s.setState('k1', 'Deleted'); }, { complete: (s, original) => { s.write('HoldSet', 'eve', { hold: note(s) }); original(); } })],
  ['6 a freeze before the commit cancels the deletion', 'a deletion scheduled under a freeze that stays', () =>
    told('commitRevoke', (s) => { s.wait(DAY); s.use('Decrypt', 'k2'); return revokedAt(s); }, { intendRevoke: (s, original) => { original(); s.put('FREEZE', null, note(s)); } })],
  ['6 a freeze before the commit cancels the deletion', 'a deletion scheduled under a freeze that is cancelled a day later', () =>
    told('commitRevoke', (s) => { s.wait(DAY); return s.setState('k1', 'Disabled'); }, { intendRevoke: (s, original) => { original(); s.put('FREEZE', null, note(s)); } })],
  ['6 a freeze before the commit cancels the deletion', 'a frozen key deleted whose revocation was never committed', () =>
    told('commitRevoke', (s) => { s.put('FREEZE', null, note(s)); s.wait(7 * DAY); return s.setState('k1', 'Deleted'); })],
  ['8 deadlines are written once', 'a drain that restarts', () =>
    told('drain', (s) => { s.wait(DAY); return s.write('PromotionConfirmed', A2, s.version(1, { disableNotBefore: plusSeconds(s.now, 7 * DAY) })); })],
  ['8 deadlines are written once', 'a deadline brought forward', () => told('drain', (s) => s.write('DrainExtended', A2, s.version(1, { disableNotBefore: s.now })))],
  ['8 deadlines are written once', 'a deadline brought forward without an emergency', () => told('drain', (s) => s.write('RotationClaimed', A2, s.version(1, { compromisedAt: s.now, disableNotBefore: s.now })))],
  ['8 deadlines are written once', "a deadline brought forward by another version's emergency", () =>
    told('drain', (s) => s.write('RotationClaimed', A2, (key) => ({ ...s.version(1, { compromisedAt: s.now, disableNotBefore: s.now })(key), emergency: emergency(s, 2) })))],
  ['8 deadlines are written once', 'the end of a bake that is dropped without a rescue', () => told('bake', (s) => s.write('DeletionCancelled', 'rescuer', withoutBake))],
  ['8 deadlines are written once', 'the end of a drain that a rescue drops', () => told('drain', (s) => s.write('VersionRescued', 'rescuer', (key) => { const { disableNotBefore: _gone, ...v1 } = key.versions['v1']!; return { ...key, versions: { ...key.versions, v1 } }; }))],
  ['4 drain and bake last as long as the policy says', 'a compromised version that did not drain for as long as an emergency wants', () =>
    told('disable', firstOf, { confirm: (s) => s.write('PromotionConfirmed', A2, s.version(1, { drainFrom: s.now, compromisedAt: s.now, disableNotBefore: s.now })), drain: (s) => s.wait(3600) })],
  ['4 no version is disabled while it is in use', 'a consent to another version', () =>
    told('disable', firstOf, { drain: (s, original) => { original(); s.use('Decrypt', 'k1'); s.wait(DAY / 2); s.approval({ purpose: 'disable', version: 2 }); } })],
  ['4 no version is disabled while it is in use', 'a consent to an earlier state of the key', () =>
    told('disable', firstOf, { drain: (s, original) => { original(); s.use('Decrypt', 'k1'); s.wait(DAY / 2); s.approval({ purpose: 'disable', rev: s.required().rev - 1 }); } })],
  ['8 deadlines are written once', 'a bake that restarts, even with an extension', () => told('bake', (s) => s.write('DrainExtended', A2, s.version(1, { revokeNotBefore: plusSeconds(s.now, 9 * DAY) })))],
  ['8 deadlines are written once', 'a start of the drain that moves', () => told('drain', (s) => s.write('DrainExtended', A2, s.version(1, { drainFrom: plusSeconds(s.now, 1) })))],
];

describe('retirement', () => {
  test.each(BAD)('%s: finds %s', (invariant, wrong, build) => expectViolation(invariant, build(), wrong));

  const LEGAL: readonly (readonly [string, string, () => Story])[] = [
    ['8 deadlines are written once', 'an extension of the drain with its event', () => story({ drain: (s, original) => { original(); s.write('DrainExtended', A2, s.version(1, { disableNotBefore: plusSeconds(s.now, DAY) })); s.wait(DAY); } })],
    ['8 deadlines are written once', 'a compromised version with less time', () => story({ drain: (s) => s.write('RotationClaimed', A2, (key) => ({ ...s.version(1, { compromisedAt: s.now, disableNotBefore: s.now })(key), emergency: emergency(s, 1) })) })],
    ['8 deadlines are written once', 'the end of a bake that a rescue ends', () => story({ bake: (s) => s.write('VersionRescued', 'rescuer', withoutBake) }, 'bake')],
    ['4 drain and bake last as long as the policy says', "a compromised version's shorter drain", () =>
      story({ confirm: (s) => s.write('PromotionConfirmed', A2, s.version(1, { drainFrom: s.now, compromisedAt: s.now, disableNotBefore: plusSeconds(s.now, 4 * 3600) })), drain: (s) => s.wait(5 * 3600) }, 'disable')],
    ['4 drain and bake last as long as the policy says', 'a bake in which somebody scheduled a deletion, and somebody cancelled it', () =>
      story({ bake: (s, original) => { original(); s.as({ actor: EVE }, () => s.setState('k1', 'PendingDeletion')); s.setState('k1', 'Disabled'); s.wait(3600); } }, 'revoke')],
    ['4 a key drains as long as was promised', 'an alias that somebody moved and moved back', () =>
      story({ released: (s, original) => { original(); s.as({ actor: EVE }, () => { s.point(ALIAS, 'k1'); s.wait(3600); s.point(ALIAS, 'k2'); }); s.wait(3600); } }, 'disable')],
    ['4 no version is disabled while it is in use', 'a use that people have consented to pass over', () =>
      story({ drain: (s, original) => { original(); s.use('Decrypt', 'k1'); s.wait(DAY / 2); s.approval({ purpose: 'disable' }); } }, 'disable')],
    ['4 dependents have released a version before it is disabled', 'a silence that people have consented to pass over', () => story({ released: (s) => s.approval({ purpose: 'disable' }) }, 'disable')],
    ['4 no retirement before its deadline', 'a compromised version with less time', () => story({ drain: (s) => s.write('RotationClaimed', A2, s.version(1, { compromisedAt: s.now, disableNotBefore: s.now })) })],
    ['4 no version is disabled while it is in use', 'a use between the intent and the call, and one right before what counts', () =>
      story({ drain: (s, original) => { original(); s.use('Decrypt', 'k1'); s.wait(DAY + 3600); }, disable: (s, original) => { s.use('Decrypt', 'k1'); s.wait(2 * 3600); original(); } }, 'disable')],
    ['4 no version is disabled while it is in use', 'a use that KMS does not show yet', () => story({ disable: (s, original) => { s.use('Decrypt', 'k1'); original(); } })],
    ['4 no retirement while the alias points to it', 'an alias that somebody moved a moment before', () => story({ disable: (s, original) => { s.as({ actor: EVE }, () => s.point(ALIAS, 'k1')); s.wait(5); original(); } }, 'disable')],
    ['4 no retirement against the policy', 'a policy that was tightened a moment before', () => story({ intendRevoke: (s, original) => { original(); policy({ retirement: 'keep' })(s); } })],
    ['6 nothing is retired while held or frozen', 'a version disabled after somebody else took the freeze away', () =>
      story({ drain: (s, original) => { s.put('FREEZE', null, note(s)); s.as({ actor: EVE }, () => s.put('FREEZE', note(s), null)); original(); } }, 'disable')],
    ['6 nothing is retired while held or frozen', 'a hold between the intent and the call', () => story({ intendRevoke: (s, original) => { original(); s.write('HoldSet', 'eve', { hold: note(s) }); s.wait(5); } }, 'revoke')],
    ['6 a hold after the call cancels the deletion', 'a hold that was released', () => story({ complete: (s, original) => { s.write('HoldSet', 'eve', { hold: note(s) }); s.write('HoldReleased', 'eve', { hold: null }); original(); } })],
    ['6 a freeze before the commit cancels the deletion', 'a freeze behind the commit', () => story({ complete: (s) => s.put('FREEZE', null, note(s)) })],
    ['6 a freeze before the commit cancels the deletion', 'a deletion that is cancelled at once', () =>
      story({ intendRevoke: (s, original) => { original(); s.put('FREEZE', null, note(s)); }, commitRevoke: (s) => { s.wait(5); s.setState('k1', 'Disabled'); s.wait(DAY); } }, 'commitRevoke')],
    ['6 a retirement is taken back by a rescue only', 'a deletion under a freeze, not committed, that is cancelled', () =>
      story({ intendRevoke: (s, original) => { original(); s.put('FREEZE', null, note(s)); }, commitRevoke: (s) => { s.wait(5); s.setState('k1', 'Disabled'); } }, 'commitRevoke')],
  ];
  test.each(LEGAL)('%s: allows %s', (invariant, _, build) => {
    expect(verdictOf(build(), invariant)).toMatchObject({ status: 'held', violations: [] });
  });
});
