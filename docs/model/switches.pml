/* Bounds. check.sh sets them. */
#ifndef WINDOWS
#define WINDOWS 2
#endif
#ifndef ATTEMPTS
#define ATTEMPTS 2
#endif
/* How often an execution settles and claims again before it aborts (MAX_SETTLEMENTS). */
#ifndef SETTLEMENTS
#define SETTLEMENTS 1
#endif
/* Faults of all kinds in one run: a function given up, a function invoked twice, an execution stopped, a dependent that is not ready. */
#ifndef FAULTS
#define FAULTS 2
#endif
/* How often somebody redrives an execution that was stopped. */
#ifndef REDRIVES
#define REDRIVES 0
#endif
/* How often somebody else moves the alias. */
#ifndef FOREIGN
#define FOREIGN 0
#endif
/* Whether an operator may set a hold, at any moment. */
#ifndef HOLDS
#define HOLDS 0
#endif
/* How a replaced version ends: 0 keep, 1 disable, 2 delete. */
#ifndef RETIREMENT
#define RETIREMENT 1
#endif

/* Protections: 1 is keyturn as it is, 0 is the switch that check.sh sets. */
#ifndef LEASE
#define LEASE 1                  /* Claim refuses while another execution holds the lease */
#endif
#ifndef LEASE_WAITS_FOR_END
#define LEASE_WAITS_FOR_END 1    /* 0: the lease runs out by the clock, whether or not its execution lives */
#endif
#ifndef FENCE
#define FENCE 1                  /* every write is decided on, and conditional on, owner and fencing token */
#endif
#ifndef FENCE_GROWS
#define FENCE_GROWS 1            /* a grant raises the fencing token */
#endif
#ifndef SEQUENCE
#define SEQUENCE 1               /* a write is conditional on the ledger sequence that it was decided on */
#endif
#ifndef ALLOWED_FROM
#define ALLOWED_FROM 1           /* a write asks for the status and the intent that it starts from */
#endif
#ifndef TAKEOVER_QUIESCENCE
#define TAKEOVER_QUIESCENCE 1    /* a takeover waits Q after the end of the execution */
#endif
#ifndef RETRY_QUIESCENCE
#define RETRY_QUIESCENCE 1       /* an execution waits Q after Settle, before it claims again or aborts */
#endif
#ifndef CONFIRM_WAITS
#define CONFIRM_WAITS 1          /* Wait For Consistency, longer than Q, before Confirm Promotion */
#endif
#ifndef TRUE_READINGS
#define TRUE_READINGS 1          /* who ends an intent by what KMS shows waits until KMS shows its last change */
#endif
#ifndef PROMOTE_INTENT
#define PROMOTE_INTENT 1         /* the intent to promote is in the registry before UpdateAlias is called */
#endif
#ifndef READ_BACK
#define READ_BACK 1              /* the alias is read back before the promotion is committed */
#endif
#ifndef ALIAS_CHECK
#define ALIAS_CHECK 1            /* Disable and Revoke compare the alias with the registry first */
#endif
#ifndef ADOPT
#define ADOPT 1                  /* a repeated Create looks for the key of an open intent, and adopts it */
#endif
#ifndef INTENTS_COUNTED
#define INTENTS_COUNTED 1        /* CreateKey is intended only on the number of intents that the function has read */
#endif
#ifndef ONE_CREATE_CALL
#define ONE_CREATE_CALL 1        /* 0: the SDK's default retry sends CreateKey again when its answer is lost */
#endif
#ifndef ABORT_LOOKS
#define ABORT_LOOKS 1            /* an abort ends an open promotion by what KMS shows; 0: it withdraws it unseen */
#endif
#ifndef ABORT_REVOKES
#define ABORT_REVOKES 0          /* 1: an abort withdraws the promotion and revokes the new version's key */
#endif
#ifndef HOLD_CHECK
#define HOLD_CHECK 1             /* the intents to disable and to revoke are refused on a held key */
#endif
#ifndef WATCH
#define WATCH 1                  /* the end of a window's last attempt quarantines the key */
#endif
#ifndef READ_AGAIN
#define READ_AGAIN 1             /* a difference counts only if the ledger has not moved since the registry was read */
#endif
#ifndef OWN_CALL
#define OWN_CALL 1               /* only the function that wrote the intent to disable or to revoke calls, until the token was raised */
#endif
#ifndef OWN_TOKEN
#define OWN_TOKEN 1              /* an execution that was redriven into its takeover claims with a token of its own */
#endif

/* Limits: 1 is what README.md assumes, 0 is what the code does, or allows. */
#ifndef FRESH_DESCRIBE
#define FRESH_DESCRIBE 1         /* 0: a takeover may rest on an answer of DescribeExecution that a redrive has overtaken */
#endif
