/*
 * The protocol by which keyturn changes one managed key: lease, fencing token, quiescence, intents and alias.
 * README.md says what each part stands for in the code, what is left out, and what every switch takes away.
 *
 * One word per thing: an *execution* is one attempt of a window; a *function* is one invocation of a task by an execution;
 * a *call* is a request to KMS, which has no condition on the fencing token.
 */

#include "switches.pml"

#define EXECUTIONS (WINDOWS * ATTEMPTS)
/* Two functions of one execution at most: the one whose answer it waits for, and a twin or one that it has given up. */
#define FUNCTIONS (2 * EXECUTIONS)
#define VERSIONS (WINDOWS + 1)
#define KEYS (VERSIONS + 2)
#define NOBODY 255

mtype:status_name = { absent, PENDING, ACTIVE, DEPRECATED, DISABLED, REVOKED, ABANDONED };
mtype:intent_name = { none, create, promote, disable, revoke };
mtype:key_state_name = { missing, Enabled, Disabled, PendingDeletion };
mtype:answer_name = { unanswered, ok, stale, mismatch, look_again, not_ready, frozen_key };
mtype:phase_name = { not_started, claiming, described, resolving, comparing, creating, promoting, awaiting_consistency, confirming,
  disabling, revoking, releasing, awaiting, settling, quiescing, true_readings, ending_intent, giving_back, over };
mtype:step_name = { idle, looking, deciding_intent, writing_intent, calling, reading_back, deciding_commit, writing_commit };

/* ---- The registry: META of one key ---- */
byte owner = NOBODY;                       /* the execution that the lease names */
byte fence;                                /* the fencing counter */
byte window;                               /* the window that was begun last */
byte completed;                            /* the newest window whose rotation completed */
byte attempt[WINDOWS + 1];                 /* each window's current attempt */
mtype:status_name version_status[VERSIONS + 1]; /* version w + 1 is window w's: one number per lineage */
byte key_of[VERSIONS + 1];                 /* the KMS key that a version has adopted */
byte replaces[VERSIONS + 1];               /* the version whose place a version took */
byte create_intents[VERSIONS + 1];
mtype:intent_name intent = none;
byte intent_version;
byte intent_caller = NOBODY;               /* to disable or revoke: the one function that may call, while it lives … */
byte intent_token;                         /* … and the token that it had */
byte taken_back;                           /* the token that a takeover took back from the lease's execution */
bool hold;
bool frozen;
bool quarantined;

/* ---- KMS ---- */
byte alias = 1;                            /* the key that the alias points to */
byte alias_shown = 1;                      /* what a reading may still show until KMS is consistent */
mtype:key_state_name key_state[KEYS + 1];
byte key_tag[KEYS + 1];                    /* the version that CreateKey tagged the key with */
byte keys_made = 1;

/* ---- Functions: written by their executions ---- */
mtype:phase_name task[FUNCTIONS];               /* `over` when the place is free */
byte token[FUNCTIONS];
mtype:step_name step[FUNCTIONS];
bool fresh[FUNCTIONS];                     /* the ledger has not moved since the function read it */

/* ---- Step Functions ---- */
bool closed[EXECUTIONS];                   /* no execution of the name runs: stopped, or ended */
byte awaited[EXECUTIONS];                  /* the function whose answer the execution waits for */
mtype:answer_name answer[EXECUTIONS];

byte resolvers;                            /* functions of Claim between taking the token back and ending the intent */

byte faults_left = FAULTS;
byte redrives_left = REDRIVES;
byte foreign_left = FOREIGN;
byte holds_left = HOLDS;
bool foreign_since_look[FUNCTIONS];        /* somebody else moved the alias behind this function's comparison */

/* ---- What must hold; each is asserted where it could break ---- */
bool one_key_per_lineage = true;           /* invariant 1: no second KMS key is made for a version */
bool one_adopted_per_window = true;        /* invariant 1: no second key of a window ever gets the alias */
bool exactly_one_active = true;            /* invariant 2 */
bool alias_on_active_or_intended = true;   /* invariant 3 */
bool never_back_to_superseded = true;      /* invariant 3 */
bool never_retires_alias_target = true;    /* invariants 2 and 4: neither the alias's target nor the ACTIVE key is disabled or revoked */
bool retires_by_intent_only = true;        /* invariant 6: no revocation by an abort */
bool hold_wins = true;                     /* invariant 6 */
bool stale_write_changes_nothing = true;   /* invariant 7 */
bool token_grows_with_grant = true;        /* invariant 7 */
bool status_moves_along_table = true;      /* invariant 7 */
bool one_owner = true;                     /* invariant 8: at a grant nothing of the former owner is alive or under way */
bool commits_what_it_read_back = true;     /* a promotion that somebody undid before the read-back is not committed */
bool freezes_only_for_others = true;       /* keyturn does not freeze a key for what keyturn itself did */
/* check.sh asks for one property at a time when it shows what a switch breaks. */
#ifndef ONLY
#define ONLY 0
#endif
#define MUST(property) assert(property || (ONLY != 0 && ONLY != is_##property))
#define is_one_key_per_lineage 1
#define is_one_adopted_per_window 2
#define is_exactly_one_active 3
#define is_alias_on_active_or_intended 4
#define is_never_back_to_superseded 5
#define is_never_retires_alias_target 6
#define is_retires_by_intent_only 7
#define is_hold_wins 8
#define is_stale_write_changes_nothing 9
#define is_token_grows_with_grant 10
#define is_status_moves_along_table 11
#define is_one_owner 12
#define is_commits_what_it_read_back 13
#define is_freezes_only_for_others 14
byte promoted_key[WINDOWS + 1];
byte last_token;

#define window_of(e) ((e) / ATTEMPTS + 1)
#define attempt_of(e) ((e) % ATTEMPTS + 1)
#define version_of(e) (window_of(e) + 1)
#define execution_of(f) ((f) / 2)
#define NAMED(e) window_of(e), attempt_of(e)
/* Nothing of an execution is alive or under way: what waiting Q stands for. */
#define quiet(e) (task[2 * (e)] == over && task[2 * (e) + 1] == over)
#define kms_is_consistent (alias_shown == alias)
#define may_take_over(e) (!LEASE_WAITS_FOR_END || (closed[e] && (!TAKEOVER_QUIESCENCE || quiet(e)) && (!TRUE_READINGS || kms_is_consistent)))
#define mutation_is_open (intent == promote || intent == disable || intent == revoke)
#define is_owner(e, t) (owner == (e) && fence == (t))

byte active_version;                               /* the ACTIVE version, as the registry has it */
hidden byte i, count;

/* Invariants about the whole state, after every write and every applied call. */
inline check() {
#ifdef REACH
  assert(!(REACH));
#endif
  count = 0;
  for (i : 1 .. VERSIONS) { if :: version_status[i] == ACTIVE -> count++; active_version = i :: else fi }
  exactly_one_active = (count == 1);
  MUST(exactly_one_active);
  alias_on_active_or_intended = (foreign_left < FOREIGN || alias == key_of[active_version] || (intent == promote && alias == key_of[intent_version]));
  MUST(alias_on_active_or_intended);
  i = 0; count = 0
}

/* Every write moves the ledger: what others have read is no longer fresh. */
inline ledger_moved() {
  if :: intent == none -> intent_caller = NOBODY; intent_token = 0 :: else fi;
  for (i : 0 .. FUNCTIONS - 1) { fresh[i] = false }
  i = 0;
  check()
}

inline freeze_key(who) {
  freezes_only_for_others = (foreign_left < FOREIGN);
  MUST(freezes_only_for_others);
  frozen = true;
  check();
  printf("      w%d-a%d: the key is FROZEN\n", NAMED(who))
}

inline set_status(v, from, to) {
  status_moves_along_table = (version_status[v] == from);
  MUST(status_moves_along_table);
  version_status[v] = to
}

/* commitPromotion: new ACTIVE, old DEPRECATED, in one write. */
inline commit_promotion(v) {
  replaces[v] = active_version;
  set_status(v, PENDING, ACTIVE);
  if :: ALLOWED_FROM || replaces[v] != v -> set_status(replaces[v], ACTIVE, DEPRECATED) :: else -> version_status[v] = DEPRECATED fi;
  intent = none; intent_version = 0
}

/* How Abort Safely and a takeover end an open intent: resolutionOf. */
inline resolve_intent(who) {
  if
  :: intent == promote && ABORT_REVOKES ->
     printf("      w%d-a%d: withdraws the promotion of v%d and revokes its key\n", NAMED(who), intent_version);
     kill_key(key_of[intent_version], PendingDeletion, false);
     intent = none; intent_version = 0
  :: intent == promote && !ABORT_REVOKES && ABORT_LOOKS && alias_shown == key_of[intent_version] ->
     printf("      w%d-a%d: KMS shows the alias on v%d: committed forward\n", NAMED(who), intent_version);
     commit_promotion(intent_version)
  :: intent == promote && !ABORT_REVOKES && (!ABORT_LOOKS || alias_shown == key_of[active_version]) ->
     printf("      w%d-a%d: the promotion of v%d is withdrawn\n", NAMED(who), intent_version);
     intent = none; intent_version = 0
  :: intent == promote && !ABORT_REVOKES && ABORT_LOOKS && alias_shown != key_of[active_version] && alias_shown != key_of[intent_version] ->
     freeze_key(who)
  :: intent == disable && key_state[key_of[intent_version]] == Disabled ->
     printf("      w%d-a%d: KMS shows v%d Disabled: committed forward\n", NAMED(who), intent_version);
     set_status(intent_version, DEPRECATED, DISABLED); intent = none; intent_version = 0
  :: intent == revoke && key_state[key_of[intent_version]] == PendingDeletion ->
     printf("      w%d-a%d: KMS shows v%d pending deletion: committed forward\n", NAMED(who), intent_version);
     set_status(intent_version, DISABLED, REVOKED); intent = none; intent_version = 0
  :: (intent == disable && key_state[key_of[intent_version]] == Enabled) || (intent == revoke && key_state[key_of[intent_version]] == Disabled) ->
     printf("      w%d-a%d: the %e of v%d is withdrawn\n", NAMED(who), intent, intent_version);
     intent = none; intent_version = 0
  :: else
  fi;
  ledger_moved()
}

/* KMS applies DisableKey or ScheduleKeyDeletion. `raced`: somebody else moved the alias behind the caller's comparison. */
inline kill_key(k, state, raced) {
  never_retires_alias_target = ((k != alias || raced) && k != key_of[active_version]);
  MUST(never_retires_alias_target);
  retires_by_intent_only = ((intent == disable || intent == revoke) && key_of[intent_version] == k) || key_state[k] == state;
  MUST(retires_by_intent_only);
  key_state[k] = state
}

/* KMS applies UpdateAlias: it asks for no token. */
inline move_alias(e, k) {
  never_back_to_superseded = (version_status[key_tag[k]] == PENDING || version_status[key_tag[k]] == ACTIVE);
  MUST(never_back_to_superseded);
  one_adopted_per_window = (promoted_key[window_of(e)] == 0 || promoted_key[window_of(e)] == k);
  MUST(one_adopted_per_window);
  promoted_key[window_of(e)] = k;
  if :: alias != k -> alias_shown = alias; alias = k :: else fi;
  check()
}

inline grant_lease(e) {
  one_owner = (owner == NOBODY || (closed[owner] && quiet(owner)));
  MUST(one_owner);
  owner = e;
  fence = fence + FENCE_GROWS;
  token_grows_with_grant = (fence > last_token);
  MUST(token_grows_with_grant);
  last_token = fence;
  window = window_of(e);
  for (i : 1 .. VERSIONS) {
    if
    :: version_status[i] == PENDING && i != version_of(e) ->
       version_status[i] = ABANDONED;
       if :: intent_version == i -> intent = none; intent_version = 0 :: else fi
    :: else
    fi
  }
  ledger_moved();
  printf("  w%d-a%d: CLAIMS the key, token %d\n", NAMED(e), fence)
}

/* ---- One invocation of Create, Promote, Disable or Revoke ---- */
#define version_in_hand ((task[f] == creating || task[f] == promoting) -> version_of(e) : replaces[version_of(e)])
#define is_mine is_owner(e, token[f])
#define may_write (!FENCE || is_mine)

inline finish(with) {
  if
  :: awaited[e] == f -> answer[e] = with; awaited[e] = NOBODY
  :: else
  fi;
  if :: intent_caller == f -> intent_caller = NOBODY :: else fi;
  task[f] = over; token[f] = 0; step[f] = idle; fresh[f] = false; foreign_since_look[f] = false;
  v = 0; saw = none; calls = false; found = 0; seen = 0
}

#define KIND_OF_TASK (task[f] == creating -> create : (task[f] == promoting -> promote : (task[f] == disabling -> disable : revoke)))
#define intends_mine (intent == KIND_OF_TASK && intent_version == v)
#define is_retiring_task (task[f] == disabling || task[f] == revoking)
#define state_after (task[f] == disabling -> Disabled : PendingDeletion)
#define difference (READ_AGAIN && !fresh[f] -> look_again : mismatch)
#define status_before (task[f] == disabling -> DEPRECATED : (task[f] == revoking -> DISABLED : PENDING))
/* Somebody was here before: nothing is left of the task. */
#define is_done (version_status[v] != status_before && version_status[v] != absent)
#define other_create_under_way (task[f ^ 1] == creating && (step[f ^ 1] == calling))

proctype Function(byte f) {
  byte e = execution_of(f);
  byte v;                                  /* the version in hand */
  mtype:intent_name saw = none;                 /* the open intent as the function read it */
  bool calls;                              /* the alias was seen on the old key, so UpdateAlias is to be called */
  byte found;                              /* the KMS key that CreateKey answered, or that its tags gave away */
  byte seen;                               /* create intents that the function has read */
end:
  do
  /* readKeyForStep: a strong read, refused to whoever is not the owner; and what is done already. */
  :: d_step { task[f] != over && step[f] == idle ->
       v = version_in_hand;
       if
       :: frozen -> finish(frozen_key)
       :: !frozen && !may_write -> printf("      w%d-a%d %e: is stale\n", NAMED(e), task[f]); finish(stale)
       :: !frozen && may_write && (is_done || (task[f] == creating && ADOPT && key_of[v] != 0)) -> finish(ok)
       :: else -> saw = intent; seen = create_intents[v]; fresh[f] = true; step[f] = looking
       fi }

  /* requireAsRegistered, where the true target of the alias is shown. A difference counts if the ledger has not moved since the function read it. */
  :: d_step { step[f] == looking ->
       foreign_since_look[f] = false;
       if
       :: task[f] == creating ->
          if
          :: ADOPT && saw == create ->
             /* "Not found" counts only when no CreateKey can be under way any more. */
             for (i : 1 .. KEYS) { if :: found == 0 && key_tag[i] == v -> found = i :: else fi }
             i = 0;
             if
             :: found != 0 -> printf("      w%d-a%d creating: finds key %d by its tags\n", NAMED(e), found); step[f] = deciding_commit
             :: found == 0 && other_create_under_way -> finish(look_again)
             :: else -> step[f] = deciding_intent
             fi
          :: else -> step[f] = deciding_intent
          fi
       :: task[f] == promoting && alias == key_of[active_version] -> calls = true; step[f] = deciding_intent
       :: task[f] == promoting && alias != key_of[active_version] && saw == promote && alias == key_of[v] -> calls = false; step[f] = deciding_intent
       :: task[f] == promoting && alias != key_of[active_version] && !(saw == promote && alias == key_of[v]) -> finish(difference)
       :: is_retiring_task && ALIAS_CHECK && alias != key_of[active_version] -> finish(difference)
       :: is_retiring_task && HOLD_CHECK && hold -> finish(ok)
       /* KMS shows what an earlier function has come to. */
       :: is_retiring_task && saw == KIND_OF_TASK && key_state[key_of[v]] == state_after && !(ALIAS_CHECK && alias != key_of[active_version]) && !(HOLD_CHECK && hold) -> step[f] = deciding_commit
       :: else -> step[f] = deciding_intent
       fi;
       fresh[f] = false }

  /* The same, where KMS still shows the side before its last change: legal on a retry, otherwise read again. */
  :: d_step { step[f] == looking && task[f] == promoting && !kms_is_consistent && alias_shown == key_of[active_version] -> calls = true; fresh[f] = false; step[f] = deciding_intent }

  /* transact: read and decide … */
  :: d_step { step[f] == deciding_intent ->
       fresh[f] = true;
       if
       :: frozen -> finish(frozen_key)
       :: !frozen && !may_write -> finish(stale)
       :: !frozen && may_write && task[f] == creating && ADOPT && key_of[v] != 0 -> finish(ok)
       :: !frozen && may_write && task[f] == creating && !(ADOPT && key_of[v] != 0) ->
          if :: INTENTS_COUNTED && seen != create_intents[v] -> finish(look_again) :: else -> step[f] = writing_intent fi
       :: !frozen && may_write && task[f] == promoting ->
          if :: !PROMOTE_INTENT || version_status[v] == ACTIVE || intends_mine -> step[f] = calling :: else -> step[f] = writing_intent fi
       :: !frozen && may_write && is_retiring_task ->
          if
          :: HOLD_CHECK && hold -> finish(ok)
          :: !(HOLD_CHECK && hold) && is_done -> finish(ok)
          :: !(HOLD_CHECK && hold) && version_status[v] == status_before && intends_mine && !OWN_CALL -> step[f] = calling
          /* Another function may call, or died before it was seen to have: then it is looked for until the execution aborts. */
          :: !(HOLD_CHECK && hold) && version_status[v] == status_before && intends_mine && OWN_CALL && intent_token == token[f] -> finish((intent_caller == NOBODY -> not_ready : look_again))
          :: else -> step[f] = writing_intent
          fi
       fi }

  /* … then one conditional write, or decide again. */
  :: d_step { step[f] == writing_intent ->
       if
       :: frozen -> finish(frozen_key)
       :: !frozen && SEQUENCE && !fresh[f] -> step[f] = deciding_intent
       :: !frozen && (!SEQUENCE || fresh[f]) && !may_write -> finish(stale)
       :: else ->
          stale_write_changes_nothing = is_mine;
          MUST(stale_write_changes_nothing);
          hold_wins = !(is_retiring_task && hold);
          MUST(hold_wins);
          intent = KIND_OF_TASK; intent_version = v;
          if :: is_retiring_task -> intent_caller = f; intent_token = token[f] :: else fi;
          if :: task[f] == creating -> create_intents[v]++; version_status[v] = PENDING :: else fi;
          printf("      w%d-a%d: intends to %e v%d\n", NAMED(e), intent, v);
          ledger_moved();
          step[f] = calling
       fi }

  /* KMS applies the call: at any time, also long after the execution has given the function up. */
  :: d_step { step[f] == calling && task[f] == creating && keys_made < KEYS ->
       keys_made++;
       one_key_per_lineage = true;
       for (i : 1 .. KEYS) { if :: key_tag[i] == v -> one_key_per_lineage = false :: else fi }
       i = 0;
       MUST(one_key_per_lineage);
       found = keys_made; key_tag[found] = v; key_state[found] = Enabled;
       printf("KMS   w%d-a%d: CreateKey makes key %d for v%d\n", NAMED(e), found, v);
       step[f] = deciding_commit }
  :: d_step { step[f] == calling && task[f] == creating && !ONE_CREATE_CALL && keys_made < KEYS && faults_left > 0 ->
       faults_left--;
       keys_made++; key_tag[keys_made] = v; key_state[keys_made] = Enabled;
       printf("KMS   w%d-a%d: CreateKey makes key %d for v%d, its answer is LOST and the SDK sends it again\n", NAMED(e), keys_made, v) }
  :: d_step { step[f] == calling && task[f] == promoting ->
       if
       :: calls -> printf("KMS   w%d-a%d: UpdateAlias to key %d (v%d)\n", NAMED(e), key_of[v], v); move_alias(e, key_of[v])
       :: else
       fi;
       step[f] = reading_back }
  :: d_step { step[f] == calling && is_retiring_task ->
       printf("KMS   w%d-a%d: v%d is to be %e\n", NAMED(e), v, task[f]);
       kill_key(key_of[v], state_after, foreign_since_look[f]);
       step[f] = deciding_commit }

  /* requireSwapped: the old side is looked at again later, a third one is somebody else's. */
  :: d_step { step[f] == reading_back && (kms_is_consistent || alias == key_of[v] || !READ_BACK) ->
       commits_what_it_read_back = true;
       if
       :: alias == key_of[v] -> step[f] = deciding_commit
       :: READ_BACK && alias != key_of[v] && alias == key_of[active_version] -> finish(not_ready)
       :: READ_BACK && alias != key_of[v] && alias != key_of[active_version] -> finish(mismatch)
       :: !READ_BACK && alias != key_of[v] -> commits_what_it_read_back = false; step[f] = deciding_commit
       fi }

  :: d_step { step[f] == deciding_commit ->
       fresh[f] = true;
       if
       :: frozen -> finish(frozen_key)
       :: !frozen && !may_write -> finish(stale)
       :: !frozen && may_write && ALLOWED_FROM && (is_done || (task[f] == creating && ADOPT && key_of[v] != 0)) -> finish(ok)
       :: else -> step[f] = writing_commit
       fi }

  :: d_step { step[f] == writing_commit ->
       if
       :: frozen -> finish(frozen_key)
       :: !frozen && SEQUENCE && !fresh[f] -> step[f] = deciding_commit
       :: !frozen && (!SEQUENCE || fresh[f]) && !may_write -> finish(stale)
       :: else ->
          stale_write_changes_nothing = is_mine;
          MUST(stale_write_changes_nothing);
          if
          :: task[f] == creating ->
             key_of[v] = found; intent = none; intent_version = 0;
             printf("      w%d-a%d: v%d adopts key %d\n", NAMED(e), v, found)
          :: task[f] == promoting ->
             MUST(commits_what_it_read_back);
             printf("      w%d-a%d: v%d is ACTIVE\n", NAMED(e), v);
             commit_promotion(v)
          :: task[f] == disabling -> set_status(v, DEPRECATED, DISABLED); intent = none; intent_version = 0; printf("      w%d-a%d: v%d is DISABLED\n", NAMED(e), v)
          :: task[f] == revoking && !hold -> set_status(v, DISABLED, REVOKED); intent = none; intent_version = 0; printf("      w%d-a%d: v%d is REVOKED\n", NAMED(e), v)
          :: task[f] == revoking && hold -> key_state[key_of[v]] = Disabled; intent = none; intent_version = 0; printf("      w%d-a%d: the deletion of v%d is cancelled\n", NAMED(e), v)
          fi;
          ledger_moved();
          finish(ok)
       fi }

  /* Nobody waits for its answer: it may end at any step, before a call, or with the call applied and nothing after it. */
  :: d_step { task[f] != over && awaited[e] != f -> finish(unanswered) }
  od
}


/* ---- One attempt of one window: the state machine ---- */
#define f0 (2 * e)
#define f1 (2 * e + 1)
#define place (task[f0] == over -> f0 : f1)
#define runs (!closed[e])
#define is_superseded (window_of(e) <= completed || window_of(e) < window || attempt_of(e) < attempt[window_of(e)])

inline start_function() {
  at = phase; phase = awaiting;
  awaited[e] = place; answer[e] = unanswered;
  token[awaited[e]] = my_token;
  task[awaited[e]] = at
}

inline end_execution() { phase = over; at = over; closed[e] = true; my_token = 0; settlements = 0; holder = NOBODY; aborts = false; beaten = false; awaited[e] = NOBODY; answer[e] = unanswered }

#define after(t) (t == creating -> promoting : (t == promoting -> awaiting_consistency : (t == disabling && RETIREMENT > 1 -> revoking : releasing)))

proctype Execution(byte e) {
  mtype:phase_name phase = not_started;
  mtype:phase_name at = over;                   /* the state that waits for a function */
  byte my_token;                           /* the token that the state machine carries from state to state */
  byte settlements;
  byte holder = NOBODY;                    /* whose lease is being taken over */
  bool aborts;
  bool beaten;                             /* another run took the token back meanwhile */
end:
  do
  /* start-due-rotations: any time from when the run may begin; attempts follow one another by number. */
  :: d_step { phase == not_started && !frozen && !quarantined && window_of(e) > completed && window_of(e) >= window &&
       attempt[window_of(e)] == attempt_of(e) && (owner == NOBODY || closed[owner] || !LEASE || !LEASE_WAITS_FOR_END) ->
       printf("w%d-a%d: starts\n", NAMED(e)); phase = claiming }
  /* raiseRun: the attempt before ended without ending its run. */
  :: d_step { phase == not_started && !frozen && !quarantined && attempt_of(e) > 1 && window_of(e) > completed && window_of(e) >= window &&
       attempt[window_of(e)] == attempt_of(e) - 1 && closed[e - 1] && (owner == NOBODY || closed[owner]) ->
       attempt[window_of(e)] = attempt_of(e); ledger_moved() }

  /* Claim Rotation */
  :: d_step { runs && phase == claiming && (frozen || quarantined) -> end_execution() }
  :: d_step { runs && phase == claiming && !frozen && !quarantined && owner == e ->
       /* The current token may be that of a run which is ending this execution's intent. */
       if :: OWN_TOKEN && taken_back == fence -> fence++; last_token = fence; ledger_moved() :: else fi;
       my_token = fence; phase = comparing }
  :: d_step { runs && phase == claiming && !frozen && !quarantined && owner != e && is_superseded ->
       printf("  w%d-a%d: is superseded\n", NAMED(e)); end_execution() }
  :: d_step { runs && phase == claiming && !frozen && owner != e && !is_superseded && owner != NOBODY && LEASE && LEASE_WAITS_FOR_END && !closed[owner] ->
       printf("  w%d-a%d: the lease is held, so it ends\n", NAMED(e)); end_execution() }
  :: d_step { runs && phase == claiming && !frozen && !quarantined && !is_superseded && (owner == NOBODY || (!LEASE && owner != e)) -> grant_lease(e); my_token = fence; phase = comparing }
  :: d_step { runs && phase == claiming && !frozen && !quarantined && !is_superseded && LEASE && owner != NOBODY && owner != e && may_take_over(owner) && (!beaten || resolvers == 0) ->
       holder = owner; beaten = false; phase = described }
  /* Only what DescribeExecution has shown a moment ago counts. */
  :: d_step { runs && phase == described ->
       if
       :: owner != holder || (FRESH_DESCRIBE && !may_take_over(holder)) -> holder = NOBODY; phase = claiming
       :: owner == holder && (!FRESH_DESCRIBE || may_take_over(holder)) && mutation_is_open ->
          fence++; last_token = fence; taken_back = fence; my_token = fence; phase = resolving; resolvers++;
          printf("  w%d-a%d: takes the token back from w%d-a%d, now %d\n", NAMED(e), NAMED(holder), fence);
          ledger_moved()
       :: else -> grant_lease(e); my_token = fence; holder = NOBODY; phase = comparing
       fi }
  :: d_step { runs && phase == resolving && (kms_is_consistent || !TRUE_READINGS) ->
       if
       :: is_owner(holder, my_token) && !frozen -> resolve_intent(e)
       /* Another run settles beside it, and Wait For Former Owner is longer than its function. */
       :: else -> beaten = true
       fi;
       resolvers--;
       holder = NOBODY; my_token = 0; phase = claiming }
  /* The comparison of the registry with KMS at the end of Claim, and of Confirm Promotion. */
  :: d_step { runs && (phase == comparing || phase == confirming) ->
       if
       :: !is_owner(e, my_token) && FENCE -> end_execution()
       :: is_owner(e, my_token) && !(alias == key_of[active_version] || (intent == promote && alias == key_of[intent_version])) -> freeze_key(e); end_execution()
       :: else -> phase = (phase == comparing -> creating : (RETIREMENT > 0 && version_status[replaces[version_of(e)]] == DEPRECATED -> disabling : (RETIREMENT > 1 -> revoking : releasing)))
       fi }

  /* Create, Promote, Disable, Revoke: a function each. */
  :: d_step { runs && (phase == creating || phase == promoting || phase == disabling || phase == revoking) && (task[f0] == over || task[f1] == over) &&
       /* Bake is longer than a function runs. */
       (phase != revoking || quiet(e)) ->
       start_function() }
  :: d_step { runs && phase == awaiting && faults_left > 0 && answer[e] == unanswered && (task[f0] == over || task[f1] == over) ->
       faults_left--;
       printf("w%d-a%d: the function of %e is invoked TWICE\n", NAMED(e), at);
       token[place] = my_token; task[place] = at }
  :: d_step { runs && phase == awaiting && faults_left > 0 && answer[e] == unanswered ->
       faults_left--;
       printf("w%d-a%d: the function of %e crashes, or answers too late: it may still do something\n", NAMED(e), at);
       awaited[e] = NOBODY; at = over; phase = settling }
  :: d_step { runs && phase == awaiting && answer[e] != unanswered ->
       if
       :: answer[e] == ok -> phase = after(at)
       :: answer[e] == look_again -> phase = at
       :: answer[e] == not_ready -> aborts = true; phase = settling
       :: answer[e] == stale || answer[e] == frozen_key -> end_execution()
       :: answer[e] == mismatch ->
          /* Only the owner may freeze the key. */
          if :: owner == e -> freeze_key(e) :: else fi;
          end_execution()
       fi;
       at = over; answer[e] = unanswered }
  /* A dependent is not ready, or another recoverable failure, before the promotion begins. */
  :: d_step { runs && phase == promoting && faults_left > 0 ->
       faults_left--;
       printf("w%d-a%d: a dependent is not ready\n", NAMED(e));
       aborts = true; phase = settling }
  /* Wait For Consistency: longer than Q. */
  :: d_step { runs && phase == awaiting_consistency && (!CONFIRM_WAITS || (quiet(e) && kms_is_consistent)) -> phase = confirming }

  /* Release Rotation */
  :: d_step { runs && phase == releasing ->
       if
       :: frozen || (FENCE && !is_owner(e, my_token)) -> end_execution()
       :: !frozen && (!FENCE || is_owner(e, my_token)) && intent != none -> aborts = true; phase = settling
       :: else ->
          stale_write_changes_nothing = is_owner(e, my_token);
          MUST(stale_write_changes_nothing);
          owner = NOBODY; completed = window_of(e); ledger_moved();
          printf("  w%d-a%d: COMPLETED, the lease is free\n", NAMED(e));
          end_execution()
       fi }

  /* Settle, Quiesce, then claim again or abort. */
  :: d_step { runs && phase == settling ->
       if
       :: owner == e && !frozen -> fence++; last_token = fence; my_token = fence; ledger_moved(); printf("  w%d-a%d: SETTLES, token %d\n", NAMED(e), fence)
       :: else
       fi;
       phase = quiescing }
  :: d_step { runs && phase == quiescing && (!RETRY_QUIESCENCE || quiet(e)) ->
       if
       :: !aborts && settlements < SETTLEMENTS -> settlements++; phase = claiming
       :: else -> phase = true_readings
       fi }
  :: d_step { runs && phase == true_readings && (!TRUE_READINGS || kms_is_consistent) -> phase = ending_intent }

  /* Abort Safely: two writes. */
  :: d_step { runs && phase == ending_intent ->
       if
       :: frozen || owner != e -> end_execution()
       :: else -> my_token = fence; resolve_intent(e); phase = giving_back
       fi }
  :: d_step { runs && phase == giving_back ->
       if
       :: frozen || !is_owner(e, my_token) -> end_execution()
       :: else ->
          owner = NOBODY;
          if :: attempt_of(e) < ATTEMPTS -> attempt[window_of(e)] = attempt_of(e) + 1 :: else fi;
          ledger_moved();
          printf("  w%d-a%d: ABORTED, the lease is free\n", NAMED(e));
          end_execution()
       fi }

  /* Somebody stops it, at any state; somebody redrives it from there. */
  :: d_step { runs && phase != not_started && phase != over && faults_left > 0 ->
       faults_left--; closed[e] = true; awaited[e] = NOBODY; answer[e] = unanswered;
       if :: phase == resolving -> resolvers-- :: else fi;
       if :: phase == described || phase == resolving -> phase = claiming; holder = NOBODY; my_token = 0 :: else fi;
       if :: phase == awaiting -> phase = at; at = over :: else fi;
       printf("w%d-a%d: is STOPPED\n", NAMED(e)) }
  :: d_step { !runs && phase != over && phase != not_started && redrives_left > 0 ->
       redrives_left--; closed[e] = false;
       printf("w%d-a%d: is REDRIVEN\n", NAMED(e)) }
  od
}

/* KMS catches up, people act, and the last attempt's end is noticed. */
proctype Surroundings() {
  byte k = 0;
end:
  do
  :: d_step { alias_shown != alias -> alias_shown = alias }
  :: d_step { holds_left > 0 && !frozen -> holds_left--; hold = true; printf("OPERATOR: sets a hold\n"); ledger_moved() }
  :: d_step { WATCH && !frozen && !quarantined && completed < WINDOWS && attempt[WINDOWS] == ATTEMPTS && closed[EXECUTIONS - 1] && (owner == NOBODY || closed[owner]) ->
       quarantined = true; printf("WATCH: the key is QUARANTINED, a person is told\n"); ledger_moved() }
  :: atomic { foreign_left > 0 ->
       select(k : 1 .. KEYS);
       if
       :: key_state[k] == Enabled && k != alias ->
          foreign_left--; alias = k; alias_shown = k;
          for (i : 0 .. FUNCTIONS - 1) { foreign_since_look[i] = (task[i] != over) }
          i = 0;
          printf("SOMEBODY ELSE: moves the alias to key %d\n", k)
       :: else
       fi;
       k = 0 }
  od
}

init {
  d_step {
    for (i : 1 .. WINDOWS) { attempt[i] = 1 }
    for (i : 1 .. VERSIONS) { version_status[i] = absent }
    for (i : 1 .. KEYS) { key_state[i] = missing }
    for (i : 0 .. FUNCTIONS - 1) { task[i] = over; step[i] = idle }
    for (i : 0 .. EXECUTIONS - 1) { awaited[i] = NOBODY; answer[i] = unanswered }
    /* v1 is ACTIVE, on key 1. */
    version_status[1] = ACTIVE; key_of[1] = 1; active_version = 1; key_state[1] = Enabled; key_tag[1] = 1;
    i = 0
  }
  atomic {
    byte n;
    for (n : 0 .. FUNCTIONS - 1) { run Function(n) }
    for (n : 0 .. EXECUTIONS - 1) { run Execution(n) }
    run Surroundings();
    n = 0
  }
}

#ifdef LIVENESS
/* When nobody is unfair for ever, the last window completes, or a person has been told. */
ltl ends { <> (completed == WINDOWS || frozen || quarantined) }
#endif
