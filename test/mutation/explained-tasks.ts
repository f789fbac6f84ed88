import type { Explained } from './judge';
import { FOR_THE_TYPE, NEVER_NULL } from './reasons';

const OWNED = `${NEVER_NULL}the owner has the lease`;
const ONLY_REVOKE = 'only `revoke` is told apart';
const ONLY_DISABLE = 'only `disable` is told apart';
const SET_BEFORE = 'it is set before it is read';
const NO_JSON = 'neither is JSON';

/** Changes of one task for one reason. */
const inTask = (task: string, why: string, changes: readonly Required<Pick<Explained, 'code' | 'change'>>[]): readonly Explained[] =>
  changes.map((change) => ({ file: `lambdas/tasks/${task}.ts`, ...change, verdict: 'equivalent', why }));

export const TASKS: readonly Explained[] = [
  ...inTask('acknowledge', `${FOR_THE_TYPE}what was not recorded has no answer`, [
    { code: 'if (recorded === undefined || standing == null) return refused;', change: 'recorded === undefined => false' },
  ]),
  ...inTask('check-bake', ONLY_DISABLE, [
    { code: "if (!hasTimeToAsk(key, input.enteredAt, 'revoke')) return { decision: 'pending', reason };", change: `'revoke' => ""` },
  ]),
  ...inTask('check-bake', `${FOR_THE_TYPE}a DISABLED version was disabled at some time`, [
    { code: 'if (version.disabledAt === undefined || lastUsedAt === null) return undefined;', change: 'version.disabledAt === undefined => false' },
  ]),
  ...inTask('check-drain', ONLY_REVOKE, [
    { code: "const blocker = retirementBlocker(key, version, 'disable');", change: `'disable' => ""` },
  ]),
  ...inTask('check-drain', OWNED, [
    { code: 'for (const dependent of requiredDependents(key.lease?.policy, key.policy)) {', change: 'key.lease?.policy => key.lease.policy' },
  ]),
  ...inTask('claim-rotation', OWNED, [
    { code: 'dependents: previous === null || subject.isRetirementOnly ? [] : (key.lease?.policy.dependents ?? []),', change: '[] => ["Stryker was here"]' },
    { code: 'dependents: previous === null || subject.isRetirementOnly ? [] : (key.lease?.policy.dependents ?? []),', change: 'key.lease?.policy => key.lease.policy' },
  ]),
  ...inTask('claim-rotation', `${FOR_THE_TYPE}a holder that is undefined is none`, [
    { code: 'claim(key, { rotationId: input.rotationId, executionArn: input.executionArn, run: input.run, at: input.enteredAt, holderFence, ...(holder === undefined ? {} : { holder }) }),', change: 'holder === undefined => false' },
  ]),
  ...inTask('comparison', 'a version that KMS does not show is refused as one that was not looked at', [
    { code: 'if (seen !== undefined) observed.set(version.number, seen);', change: 'seen !== undefined => true' },
  ]),
  ...inTask('comparison', `${FOR_THE_TYPE}what cannot be read was seen`, [
    { code: "if (comparison === 'unreadable') away.push(`${text}; its key store ${seen?.keyStoreId ?? ''} is away`);", change: 'seen?.keyStoreId => seen.keyStoreId' },
  ]),
  ...inTask('comparison', 'a version without a number has no key', [
    { code: 'return (await realityOf(ports, key, await compareWithKms(ports.keys, key, at, []))).alias;', change: '[] => ["Stryker was here"]' },
  ]),
  ...inTask('comparison', `${FOR_THE_TYPE}a stale alias is not clear, and an unexpected one was refused`, [
    { code: "if (unclear.length > 0 || alias === 'stale' || alias === 'unexpected') {", change: "alias === 'stale' => false" },
    { code: "if (unclear.length > 0 || alias === 'stale' || alias === 'unexpected') {", change: `'stale' => ""` },
    { code: "if (unclear.length > 0 || alias === 'stale' || alias === 'unexpected') {", change: "alias === 'unexpected' => false" },
    { code: "if (unclear.length > 0 || alias === 'stale' || alias === 'unexpected') {", change: `'unexpected' => ""` },
  ]),
  ...inTask('confirm-promotion', OWNED, [
    { code: 'for (const dependent of requiredDependents(key.lease?.policy, key.policy)) {', change: 'key.lease?.policy => key.lease.policy' },
  ]),
  ...inTask('decide', SET_BEFORE, [
    { code: 'const seen = { isQuarantined: false };', change: '{ isQuarantined: false } => {}' },
    { code: 'const seen = { isQuarantined: false };', change: 'false => true' },
  ]),
  ...inTask('disable-previous-version', ONLY_REVOKE, [
    { code: "const blocker = version.status === 'DEPRECATED' ? (retirementBlocker(known, version, 'disable') ?? (await serviceGrant(ports.keys, version.kmsKeyId))) : undefined;", change: `'disable' => ""` },
    { code: "retirementBlocker(key, version, 'disable') === undefined ? intendDisable(key, owner, version.number, input.enteredAt, invocationId) : { kind: 'done' },", change: `'disable' => ""` },
    { code: "const held = retirementBlocker(intended, version, 'disable');", change: `'disable' => ""` },
    { code: "if (baking.status === 'DEPRECATED') return { decision: 'pending', reason: retirementBlocker(disabled, baking, 'disable') ?? `v${baking.number} was given back while it was being disabled` };", change: `'disable' => ""` },
  ]),
  ...inTask('disable-previous-version', 'the look at KMS refuses a DISABLED version whose key is Enabled', [
    { code: "if (version.status === 'DEPRECATED' && reality.seen(version.number).keyState === 'Enabled') {", change: "version.status === 'DEPRECATED' => true" },
  ]),
  ...inTask('disable-previous-version', `${FOR_THE_TYPE}an owner's version is in the registry`, [
    { code: "if (versionOf(intended, version.number)?.status === 'DEPRECATED') {", change: 'versionOf(intended, version.number)?.status => versionOf(intended, version.number).status' },
  ]),
  ...inTask('frozen-writes', 'what is no approval is not waited for, and of a key that is unknown nothing is noted', [
    { code: 'const ids = (await registry.read(approval.key))?.key.approvals ?? [];', change: '[] => ["Stryker was here"]' },
    { code: 'const noted = ids.length < MAX_PENDING_REQUESTS || ids.includes(approval.id) ? [] : await Promise.all(ids.map((id) => approvals.read(id)));', change: '[] => ["Stryker was here"]' },
  ]),
  ...inTask('handle-ended-execution', `${FOR_THE_TYPE}no key has no name`, [
    { code: 'const reading = name === undefined ? undefined : await ports.registry.read(name);', change: 'name === undefined => false' },
    { code: "if (reading === undefined || name === undefined || reading.key.lease?.rotationId !== detail.name) return { outcome: 'not-ours' };", change: 'name === undefined => false' },
  ]),
  ...inTask('handle-ended-execution', 'the freeze is found by the write, too', [
    { code: 'const outcome = freeze === null ? await stop(ports.registry, key.name, ended) : await note(ports.registry, key.name, ended);', change: 'freeze === null => true' },
  ]),
  ...inTask('handle-ended-execution', 'it is the same alert', [
    { code: "await deliver(ports, outcome === expected || outcome === 'looked-at' ? alert : endAlert(key, ended, outcome));", change: 'outcome === expected => false' },
  ]),
  ...inTask('handle-ended-execution', `${FOR_THE_TYPE}what is not there is not open`, [
    { code: "if (intent === null || !isRetirementOpen(key)) return 'Yes. Nothing is disabled or revoked before the lease has been taken over.';", change: 'intent === null => false' },
  ]),
  ...inTask('handle-ended-execution', NO_JSON, [
    { code: "const parsed = z.object({ key: z.string().min(1) }).safeParse(parsedJson(input ?? ''));", change: `'' => "Stryker was here!"` },
  ]),
  ...inTask('notify-dependent', OWNED, [
    { code: 'const dependent = key.lease?.policy.dependents.find((candidate) => candidate.name === input.dependent);', change: 'key.lease?.policy => key.lease.policy' },
  ]),
  ...inTask('open-intent', 'a disable of a Disabled key was committed before', [
    { code: "const isRescued = key.rescues[versionKey(version.number)] !== undefined || (intent.kind === 'revoke' && version.status === 'DEPRECATED');", change: "intent.kind === 'revoke' => true" },
  ]),
  ...inTask('operate', 'under a hold a freeze changes nothing', [
    { code: 'const revoked = deletionsToCancel(held, false);', change: 'false => true' },
  ]),
  ...inTask('operate', SET_BEFORE, [
    { code: 'const seen = { isChange: false };', change: '{ isChange: false } => {}' },
    { code: 'const seen = { isChange: false };', change: 'false => true' },
  ]),
  ...inTask('promote-key-version', OWNED, [
    { code: 'const dependents = requiredDependents(key.lease?.policy, key.policy);', change: 'key.lease?.policy => key.lease.policy' },
  ]),
  ...inTask('prove-key-version', `${FOR_THE_TYPE}an owner's version is in the registry`, [
    { code: 'return { provedAt: versionOf(proved, input.version)?.provedAt ?? input.enteredAt };', change: 'versionOf(proved, input.version)?.provedAt => versionOf(proved, input.version).provedAt' },
  ]),
  ...inTask('read-approval', 'neither the question nor the voters of an approval that there is not are shown', [
    { code: "const { id } = approvalFor(input.question, key, input.rotationId, { question: '', version: input.previous });", change: "{ question: '', version: input.previous } => {}" },
    { code: "const { id } = approvalFor(input.question, key, input.rotationId, { question: '', version: input.previous });", change: `'' => "Stryker was here!"` },
    { code: "const voters = approval?.votes.map(({ by, reason }) => `${by}: ${reason}`).join('; ') ?? '';", change: `'' => "Stryker was here!"` },
  ]),
  ...inTask('read-approval', 'what is neither consented, refused nor expired is open', [
    { code: "const standing = approval === undefined ? 'open' : standingOf(approval, key.rev, input.enteredAt);", change: `'open' => ""` },
  ]),
  ...inTask('read-approval', `${FOR_THE_TYPE}no approval is not consented to`, [
    { code: "if (approval !== undefined && standing === 'consented') {", change: 'approval !== undefined => true' },
  ]),
  ...inTask('reality', `${FOR_THE_TYPE}the key is known by then`, [
    { code: "throw new TaskError('KmsNotConsistentYet', `the tags of ${version.kmsKeyId ?? 'the new key'} may not have reached authorization yet: ${error.message}`, { cause: error });", change: `'the new key' => ""` },
  ]),
  ...inTask('reality', 'both that call it have a version that is PENDING', [
    { code: "const isNew = version.status === 'PENDING' && isBefore(at, plusSeconds(version.createdAt, KMS_CONSISTENCY_SECONDS));", change: "version.status === 'PENDING' => true" },
  ]),
  ...inTask('reconcile-key', `${FOR_THE_TYPE}a key that nobody owns has no holder`, [
    { code: 'if (lease === null || (look.reading.freeze === null && isEmergencyWaiting(look.key))) return;', change: 'lease === null => false' },
    { code: 'const closedAt = (await holderOf(ports.executions, look.key, look.at))?.closedAt ?? null;', change: '(await holderOf(ports.executions, look.key, look.at))?.closedAt => (await holderOf(ports.executions, look.key, look.at)).closedAt' },
  ]),
  ...inTask('reconcile-key', 'without a hold or a freeze there is nothing to cancel, and under a hold a freeze changes nothing', [
    { code: 'if (why === null || deletionsToCancel(key, freeze !== null).length === 0) return;', change: 'why === null => false' },
    { code: 'if (why === null || deletionsToCancel(key, freeze !== null).length === 0) return;', change: 'freeze !== null => true' },
  ]),
  ...inTask('reconcile-key', 'a create intent has no end here', [
    { code: "if (freeze !== null || intent === null || intent.kind === 'create') return;", change: "intent.kind === 'create' => false" },
    { code: "if (freeze !== null || intent === null || intent.kind === 'create') return;", change: `'create' => ""` },
  ]),
  ...inTask('reconcile-key', `${FOR_THE_TYPE}an open intent has an end`, [
    { code: 'const end = (await resolutionOf({ registry, keys }, key, { rotationId, fence: key.fence }, at))?.(key);', change: '(await resolutionOf({ registry, keys }, key, { rotationId, fence: key.fence }, at))?.(key) => (await resolutionOf({ registry, keys }, key, { rotationId, fence: key.fence }, at))(key)' },
    { code: "return end?.kind === 'write' && (key.hold === null || versionOf(end.next, key.intent?.version ?? 0)?.status !== 'REVOKED');", change: "end?.kind === 'write' => true" },
    { code: "return end?.kind === 'write' && (key.hold === null || versionOf(end.next, key.intent?.version ?? 0)?.status !== 'REVOKED');", change: 'end?.kind => end.kind' },
    { code: "return end?.kind === 'write' && (key.hold === null || versionOf(end.next, key.intent?.version ?? 0)?.status !== 'REVOKED');", change: 'versionOf(end.next, key.intent?.version ?? 0)?.status => versionOf(end.next, key.intent?.version ?? 0).status' },
    { code: "return end?.kind === 'write' && (key.hold === null || versionOf(end.next, key.intent?.version ?? 0)?.status !== 'REVOKED');", change: 'key.intent?.version => key.intent.version' },
  ]),
  ...inTask('reconcile-key', 'what is not behind the key is not behind what it has become', [
    { code: 'if (last > key.seq && ((await registry.read(key.name))?.key.seq ?? 0) < last) return `event ${last} stands there, which the registry does not count`;', change: 'last > key.seq => true' },
    { code: 'if (last > key.seq && ((await registry.read(key.name))?.key.seq ?? 0) < last) return `event ${last} stands there, which the registry does not count`;', change: 'last > key.seq => last >= key.seq' },
  ]),
  ...inTask('reconcile-key', `${FOR_THE_TYPE}what is never overdue is not overdue`, [
    { code: 'if (since !== undefined && isOverdue(key, at)) {', change: 'since !== undefined => true' },
  ]),
  ...inTask('reconcile', `${FOR_THE_TYPE}each report has its key`, [
    { code: "output.done.push(...report.done.map((what) => ({ key: group[index] ?? '', what })));", change: `'' => "Stryker was here!"` },
  ]),
  ...inTask('reconcile', 'there are no alerts about a key of this name', [
    { code: "const told = await ports.registry.namesWithQueuedAlerts().catch((error: unknown) => (fail('', error), []));", change: '[] => ["Stryker was here"]' },
  ]),
  ...inTask('register-keys', 'an ARN has one slash', [
    { code: "const wanted = policy.adopt.split('/').at(-1) ?? '';", change: `'' => "Stryker was here!"` },
    { code: "const wanted = policy.adopt.split('/').at(-1) ?? '';", change: '-1 => +1' },
  ]),
  ...inTask('register-keys', `${FOR_THE_TYPE}an adopted key that is undefined is none`, [
    { code: 'await ports.registry.register(policy.name, (key) => register(key, policy, { registryId: ports.registryId, at, by, ...(adopted === undefined ? {} : { adopted }) }));', change: 'adopted === undefined => false' },
    { code: 'return adopted === undefined ? { policy } : { policy, adopted };', change: 'adopted === undefined => false' },
  ]),
  ...inTask('register-keys', 'only the refusal counts, and it does not look at them', [
    { code: 'const decision = register(reading.key, policy, { registryId, at, by });', change: '{ registryId, at, by } => {}' },
  ]),
  ...inTask('repair-input', NO_JSON, [
    { code: "const repair = repairSchema.safeParse(parsedJson(approval.facts['repair'] ?? ''));", change: `'' => "Stryker was here!"` },
  ]),
  ...inTask('request-approval', `${FOR_THE_TYPE}what was noted is registered`, [
    { code: "if (standing === 'consented' && reading.freeze !== null && (await ports.registry.read(input.key))?.freeze != null) return {};", change: '(await ports.registry.read(input.key))?.freeze => (await ports.registry.read(input.key)).freeze' },
  ]),
  ...inTask('request-rotation', `${FOR_THE_TYPE}a key without an ACTIVE version, or with too many emergencies, has a blocker`, [
    { code: 'if (blocker !== undefined && isTooFrequent(key, caller.at)) await deliver(ports, frequentEmergenciesAlert(key, caller.arn, blocker));', change: 'blocker !== undefined => true' },
    { code: "if (blocker !== undefined || active === undefined) return told('refused', `no emergency of ${key.name}: ${blocker ?? 'it has no ACTIVE version'}`);", change: 'active === undefined => false' },
    { code: "if (blocker !== undefined || active === undefined) return told('refused', `no emergency of ${key.name}: ${blocker ?? 'it has no ACTIVE version'}`);", change: `'it has no ACTIVE version' => ""` },
  ]),
  ...inTask('rescue-version', 'it names no key', [
    { code: "const texts = [...(resources ?? []).map(({ ARN }) => ARN), errorMessage ?? ''];", change: '[] => ["Stryker was here"]' },
    { code: "const texts = [...(resources ?? []).map(({ ARN }) => ARN), errorMessage ?? ''];", change: `'' => "Stryker was here!"` },
    { code: 'const keyIds = new Set(texts.flatMap((text) => /:key\\/([\\w-]+)/.exec(text)?.[1] ?? []));', change: '[] => ["Stryker was here"]' },
  ]),
  ...inTask('rescue-version', `${FOR_THE_TYPE}it was found before, or leads to nothing that could be`, [
    { code: 'const key = name === undefined ? undefined : (await registry.read(name))?.key;', change: 'name === undefined => false' },
    { code: 'if (key !== undefined && version !== undefined) found.push({ key, version });', change: 'key !== undefined => true' },
    { code: "if ((await keys.describe(kmsKeyId))?.keyState === 'PendingDeletion' || key.versions[versionKey(number)]?.status === 'REVOKED') {", change: 'key.versions[versionKey(number)]?.status => key.versions[versionKey(number)].status' },
    { code: 'if (reason !== undefined) await transactAnyway(registry, key.name, (current) => commitCancelledDeletion(current, number, reason));', change: 'reason !== undefined => true' },
  ]),
  ...inTask('rescue-version', "a pattern of roles has one star, at its end", [
    { code: "return userIdentity.sessionContext?.sessionIssuer?.arn.startsWith(rolePattern.replace(/\\*$/, '')) ?? false;", change: '/\\*$/ => /\\*/' },
  ]),
  ...inTask('rescue-version', SET_BEFORE, [
    { code: 'const attempt = { isFirst: false };', change: '{ isFirst: false } => {}' },
    { code: 'const attempt = { isFirst: false };', change: 'false => true' },
  ]),
  ...inTask('revoke-previous-version', 'only a key pending deletion has a date', [
    { code: "if (keyState === 'PendingDeletion' && scheduledFor !== undefined) return commitOrCancel(ports, input, version.kmsKeyId, scheduledFor);", change: "keyState === 'PendingDeletion' => true" },
  ]),
  ...inTask('revoke-previous-version', `${FOR_THE_TYPE}an owner's version is in the registry`, [
    { code: "if (versionOf(committed, input.previous)?.status === 'REVOKED') return { decision: 'revoked', deletionAt };", change: 'versionOf(committed, input.previous)?.status => versionOf(committed, input.previous).status' },
    { code: "return versions[versionKey(number)]?.status !== 'REVOKED' && (hold !== null || intent?.kind !== 'revoke');", change: 'versions[versionKey(number)]?.status => versions[versionKey(number)].status' },
    { code: "if (reading !== undefined && versionOf(reading.key, input.previous)?.status === 'REVOKED') return;", change: 'versionOf(reading.key, input.previous)?.status => versionOf(reading.key, input.previous).status' },
    { code: 'if (version !== undefined && reasonToAskForRevocation(key, version) === undefined) return undefined;', change: 'version !== undefined => true' },
  ]),
  ...inTask('revoke-previous-version', 'what is REVOKED is committed already, so that both ways lead to the same', [
    { code: "return versions[versionKey(number)]?.status !== 'REVOKED' && (hold !== null || intent?.kind !== 'revoke');", change: "versions[versionKey(number)]?.status !== 'REVOKED' => true" },
    { code: "return versions[versionKey(number)]?.status !== 'REVOKED' && (hold !== null || intent?.kind !== 'revoke');", change: `'REVOKED' => ""` },
    { code: "if (version.status !== 'DISABLED' && version.status !== 'REVOKED') return `v${number} is ${version.status}`;", change: "version.status !== 'REVOKED' => true" },
    { code: "if (version.status !== 'DISABLED' && version.status !== 'REVOKED') return `v${number} is ${version.status}`;", change: `'REVOKED' => ""` },
  ]),
  ...inTask('revoke-previous-version', 'the question is not shown', [
    { code: "const { id } = approvalFor(input.question, key, input.rotationId, { question: '', version: input.previous });", change: "{ question: '', version: input.previous } => {}" },
    { code: "const { id } = approvalFor(input.question, key, input.rotationId, { question: '', version: input.previous });", change: `'' => "Stryker was here!"` },
  ]),
  ...inTask('apply-repair', 'a create intent has no end here', [
    { code: "if (key.intent === null || key.intent.kind === 'create' || key.lease === null) return key;", change: "key.intent.kind === 'create' => false" },
    { code: "if (key.intent === null || key.intent.kind === 'create' || key.lease === null) return key;", change: `'create' => ""` },
    { code: 'return resolve === undefined ? key : registry.transactFrozen(input.key, resolve);', change: 'resolve === undefined => false' },
  ]),
  ...inTask('apply-repair', 'a case that does nothing, there to be exhaustive', [
    { code: "case 'compare':", change: `'compare' => ""` },
    { code: "case 'rebaseline-ledger':", change: `'rebaseline-ledger' => ""` },
  ]),
  ...inTask('apply-repair', `${FOR_THE_TYPE}a repair is under way, and what it accepts is ACTIVE`, [
    { code: 'if (key.repair?.madeAt === undefined) {', change: 'key.repair?.madeAt => key.repair.madeAt' },
    { code: 'return Object.values(key.versions).find(({ supersededBy }) => supersededBy !== undefined && supersededBy === accepted?.number);', change: 'supersededBy !== undefined => true' },
    { code: 'return Object.values(key.versions).find(({ supersededBy }) => supersededBy !== undefined && supersededBy === accepted?.number);', change: 'accepted?.number => accepted.number' },
  ]),
  ...inTask('apply-repair', `${FOR_THE_TYPE}no version has no KMS key and drains`, [
    {
      code: 'if (target !== undefined) await registry.transactFrozen(input.key, (current) => drainAgain(current, input.approval, input.fence, target, input.enteredAt));',
      change: 'target !== undefined => true',
    },
  ]),
  ...inTask('carry-out', `${FOR_THE_TYPE}an approval about it was noted at the key by now`, [
    { code: "if (emergency === null || emergency.isDone) return 'The emergency is done.';", change: 'emergency === null => false' },
    { code: 'const lease = (await registry.read(name))?.key.lease ?? null;', change: '(await registry.read(name))?.key => (await registry.read(name)).key' },
    { code: "if (owner === null || lease?.rotationId !== owner) return 'The owner has changed meanwhile; nothing was stopped.';", change: 'owner === null => false' },
  ]),
  ...inTask('create-key-version', OWNED, [
    { code: 'const policy: KeyPolicy = key.lease?.policy ?? key.policy;', change: 'key.lease?.policy => key.lease.policy' },
  ]),
  ...inTask('create-key-version', 'a version has both or neither, and what it has stays: what is returned here is not adopted again', [
    { code: 'if (version?.kmsKeyId !== undefined && version.kmsKeyArn !== undefined) return { keyId: version.kmsKeyId, keyArn: version.kmsKeyArn };', change: 'version.kmsKeyArn !== undefined => true' },
    { code: 'if (version?.kmsKeyId !== undefined && version.kmsKeyArn !== undefined) return { keyId: version.kmsKeyId, keyArn: version.kmsKeyArn };', change: '{ keyId: version.kmsKeyId, keyArn: version.kmsKeyArn } => {}' },
    { code: 'if (adopted?.kmsKeyId !== undefined && adopted.kmsKeyArn !== undefined) return { keyId: adopted.kmsKeyId, keyArn: adopted.kmsKeyArn };', change: 'adopted?.kmsKeyId !== undefined && adopted.kmsKeyArn !== undefined => adopted?.kmsKeyId !== undefined || adopted.kmsKeyArn !== undefined' },
    { code: 'if (adopted?.kmsKeyId !== undefined && adopted.kmsKeyArn !== undefined) return { keyId: adopted.kmsKeyId, keyArn: adopted.kmsKeyArn };', change: 'adopted?.kmsKeyId !== undefined => true' },
    { code: 'if (adopted?.kmsKeyId !== undefined && adopted.kmsKeyArn !== undefined) return { keyId: adopted.kmsKeyId, keyArn: adopted.kmsKeyArn };', change: 'adopted?.kmsKeyId => adopted.kmsKeyId' },
    { code: 'if (adopted?.kmsKeyId !== undefined && adopted.kmsKeyArn !== undefined) return { keyId: adopted.kmsKeyId, keyArn: adopted.kmsKeyArn };', change: 'adopted.kmsKeyArn !== undefined => true' },
    { code: 'if (adopted?.kmsKeyId !== undefined && adopted.kmsKeyArn !== undefined) return { keyId: adopted.kmsKeyId, keyArn: adopted.kmsKeyArn };', change: '{ keyId: adopted.kmsKeyId, keyArn: adopted.kmsKeyArn } => {}' },
  ]),
  ...inTask('create-key-version', 'no two keys have one id', [
    { code: 'const [oldest] = usable.toSorted((left, right) => (left.createdAt + left.keyId < right.createdAt + right.keyId ? -1 : 1));', change: 'left.createdAt + left.keyId < right.createdAt + right.keyId => left.createdAt + left.keyId <= right.createdAt + right.keyId' },
  ]),
  ...inTask('orphans', 'no two keys have one id', [
    { code: 'const tagged = [...(await ports.keys.taggedKeys({ [KEY_TAGS.registry]: ports.registryId }))].sort((one, other) => (one.keyId < other.keyId ? -1 : 1));', change: 'one.keyId < other.keyId => one.keyId <= other.keyId' },
  ]),
  ...inTask('orphans', `${FOR_THE_TYPE}it is there`, [
    { code: 'return { afterKmsKey: isEnd ? null : (batch.at(-1)?.keyId ?? null), done, alerted: [...told].slice(-MAX_TAGGED_KEYS_PER_RECONCILIATION) };', change: 'batch.at(-1)?.keyId => batch.at(-1).keyId' },
    { code: "await deliver(ports, registryWentBackAlert({ name: strangers[0]?.tags[KEY_TAGS.key] ?? 'unknown', policy: { owner: 'unknown' } }, ids, undefined));", change: 'strangers[0]?.tags => strangers[0].tags' },
    { code: "if (!ledger.some(({ type, by, facts }) => type === 'CreateIntended' && by === rotation && facts?.['version'] === number)) return 'the ledger knows no intent to make it';", change: "facts?.['version'] => facts['version']" },
    { code: "const adopted = ledger.find(({ type, facts }) => type === 'VersionCreated' && facts?.['version'] === number);", change: "facts?.['version'] => facts['version']" },
  ]),
  ...inTask('orphans', 'what has no name, no rotation or no item has no event by that rotation', [
    { code: 'const reading = name === undefined ? undefined : await registry.read(name);', change: 'name === undefined => false' },
    { code: 'if (name === undefined || rotation === undefined || reading === undefined) return undefined;', change: 'name === undefined || rotation === undefined || reading === undefined => false' },
    { code: 'if (name === undefined || rotation === undefined || reading === undefined) return undefined;', change: 'name === undefined || rotation === undefined || reading === undefined => (name === undefined || rotation === undefined) && reading === undefined' },
    { code: 'if (name === undefined || rotation === undefined || reading === undefined) return undefined;', change: 'name === undefined || rotation === undefined => false' },
    { code: 'if (name === undefined || rotation === undefined || reading === undefined) return undefined;', change: 'name === undefined || rotation === undefined => name === undefined && rotation === undefined' },
    { code: 'if (name === undefined || rotation === undefined || reading === undefined) return undefined;', change: 'name === undefined => false' },
    { code: 'if (name === undefined || rotation === undefined || reading === undefined) return undefined;', change: 'rotation === undefined => false' },
    { code: 'if (name === undefined || rotation === undefined || reading === undefined) return undefined;', change: 'reading === undefined => false' },
  ]),
  ...inTask('orphans', 'no key has this name, either', [
    { code: "const concerned = strangers.map(({ tags }) => tags[KEY_TAGS.key] ?? '').find((name) => names.includes(name)) ?? anyName;", change: `'' => "Stryker was here!"` },
  ]),
  ...inTask('parsed-json', 'without its return it returns the same', [
    { code: '} catch {', change: '{ return undefined; } => {}' },
  ]),
];
