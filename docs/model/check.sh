#!/usr/bin/env bash
# Checks the model: the whole of it holds in every configuration, and without any one of its protections it does not.
#   check.sh                   the full model, what it reaches, and every switch: what CI runs
#   check.sh --large           the full model with larger bounds: minutes, and more memory
#   check.sh --story NAME      the counterexample of one switch, step by step (NAME as in the table, such as FENCE=0)
# Exit code 1: the full model errs or was not searched to its end, a switch has no counterexample, or something is never reached.
set -euo pipefail
model=$(cd "$(dirname "$0")" && pwd)

# Bounds by configuration. `windows`: two windows after one another. `takeover`: one window, an execution stopped and redriven, a hold.
# `others`: somebody else moves the alias, a hold, the version's whole end. `liveness`: it ends, under weak fairness.
declare -A bounds=(
  [windows]='-DWINDOWS=2 -DATTEMPTS=2 -DFAULTS=2'
  [takeover]='-DWINDOWS=1 -DATTEMPTS=2 -DFAULTS=3 -DREDRIVES=1'
  [others]='-DWINDOWS=1 -DATTEMPTS=2 -DFAULTS=2 -DHOLDS=1 -DFOREIGN=1 -DRETIREMENT=2'
  [liveness]='-DWINDOWS=1 -DATTEMPTS=2 -DFAULTS=2 -DREDRIVES=1 -DLIVENESS'
  [large-windows]='-DWINDOWS=2 -DATTEMPTS=2 -DFAULTS=3 -DHOLDS=1'
  [large-redrive]='-DWINDOWS=2 -DATTEMPTS=2 -DFAULTS=2 -DREDRIVES=1 -DHOLDS=1'
  [large-others]='-DWINDOWS=1 -DATTEMPTS=2 -DFAULTS=3 -DREDRIVES=1 -DHOLDS=1 -DFOREIGN=1 -DRETIREMENT=2'
)

# Switch, configuration, and the property that it breaks. Every property is broken by one of them.
switches='
LEASE=0                windows   one_owner
LEASE=0                windows   never_back_to_superseded
LEASE_WAITS_FOR_END=0  windows   never_back_to_superseded
FENCE=0                takeover  stale_write_changes_nothing
FENCE=0                takeover  alias_on_active_or_intended
FENCE_GROWS=0          takeover  token_grows_with_grant
SEQUENCE=0             others    hold_wins
ALLOWED_FROM=0         takeover  status_moves_along_table
ALLOWED_FROM=0         takeover  exactly_one_active
TAKEOVER_QUIESCENCE=0  windows   never_back_to_superseded
RETRY_QUIESCENCE=0     windows   never_back_to_superseded
RETRY_QUIESCENCE=0     takeover  alias_on_active_or_intended
CONFIRM_WAITS=0        windows   never_back_to_superseded
TRUE_READINGS=0        takeover  alias_on_active_or_intended
PROMOTE_INTENT=0       takeover  alias_on_active_or_intended
READ_BACK=0            others    commits_what_it_read_back
ALIAS_CHECK=0          others    never_retires_alias_target
ADOPT=0                takeover  one_key_per_lineage
ADOPT=0                takeover  one_adopted_per_window
INTENTS_COUNTED=0      takeover  one_key_per_lineage
ONE_CREATE_CALL=0      takeover  one_key_per_lineage
ABORT_LOOKS=0          takeover  alias_on_active_or_intended
ABORT_REVOKES=1        takeover  retires_by_intent_only
ABORT_REVOKES=1        takeover  never_retires_alias_target
HOLD_CHECK=0           others    hold_wins
READ_AGAIN=0           takeover  freezes_only_for_others
OWN_CALL=0             others    retires_by_intent_only
OWN_TOKEN=0            takeover  alias_on_active_or_intended
'

# What keyturn does not cover: README.md, "Limits".
limits='
FRESH_DESCRIBE=0       takeover  alias_on_active_or_intended
'

# Configuration and a state that the full model must get to, or it would prove nothing.
reached='
windows   completed==2&&key_of[2]!=0&&key_of[3]!=0&&alias==key_of[3]&&version_status[2]==DISABLED
windows   version_status[2]==ABANDONED&&alias==key_of[3]
windows   version_status[2]==ABANDONED&&key_of[2]!=0&&completed==2
takeover  owner==1&&intent==disable
takeover  completed==1&&redrives_left==0&&faults_left==0&&attempt[1]==2
takeover  quarantined&&mutation_is_open
takeover  create_intents[2]==2
others    version_status[1]==REVOKED
others    frozen&&version_status[2]==ACTIVE&&foreign_left==0
others    hold&&intent==revoke
'

refuse() {
  echo "check.sh: $*" >&2
  exit 2
}

stories=$(awk 'NF { print $1 }' <<< "$switches$limits" | sort -u)
allowed="Allowed: $(paste -sd ' ' <<< "$stories")"
case ${1:-} in
  '' | --large) [[ $# -le 1 ]] || refuse "$1 takes nothing after it; given: ${*:2}" ;;
  --story)
    [[ $# -ge 2 ]] || refuse "--story needs a switch. $allowed"
    [[ $# -eq 2 ]] || refuse "--story takes one switch; given: ${*:2}. $allowed"
    grep -qxF -- "$2" <<< "$stories" || refuse "there is no story of a switch \"$2\". $allowed" ;;
  *) refuse "there is no option $1. Allowed: nothing (what CI runs), --large, --story with a switch" ;;
esac

for program in spin gcc; do
  command -v "$program" > /dev/null || { echo "check.sh: $program is missing. On Debian: apt-get install spin gcc" >&2; exit 2; }
done

work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
cp "$model"/*.pml "$work"
cd "$work"

failures=0
printf '%-24s %-14s %-32s %-28s %10s %8s %8s\n' what configuration expected found states seconds MB

# Compiles and runs one search; leaves its output in `out`.
search() { # configuration, spin's options, pan's compiler options, pan's options
  # shellcheck disable=SC2086
  spin ${bounds[$1]} $2 -a key-rotation.pml > spin.out || { cat spin.out >&2; exit 2; }
  # shellcheck disable=SC2086
  gcc -w -DCOLLAPSE -DVECTORSZ=2048 $3 -o pan pan.c
  # shellcheck disable=SC2086
  ./pan -m200000 $4 > out 2>&1 || true
}

# The name of the property whose assertion failed, or what else ended the search.
found() {
  local broken
  broken=$(sed -nE 's/^pan:1: assertion violated \(*([a-z_]+).*/\1/p' out | head -1)
  if [[ -n $broken ]]; then echo "$broken"
  elif grep -q '^pan:1: acceptance cycle' out; then echo 'never ends'
  elif grep -q '^pan:1: ' out; then sed -nE 's/^pan:1: ([a-z ]+).*/\1/p' out | head -1
  elif grep -qE 'Search not completed|max search depth too small|out of memory|reached -DMEMLIM' out; then echo 'not exhausted'
  elif grep -q 'errors: 0$' out && grep -q '^pan: elapsed time' out; then echo 'holds'
  else echo 'no result'; fi
}

report() { # what, configuration, expected
  local result verdict=' '
  result=$(found)
  if [[ $result != "$3" ]]; then
    verdict=' <- FAILED'
    failures=$((failures + 1))
    tail -5 out >&2
  fi
  printf '%-24s %-14s %-32s %-28s %10s %8s %8s%s\n' "$1" "$2" "$3" "$result" \
    "$(awk '/states, stored/ { print $1 }' out)" "$(awk '/^pan: elapsed time/ { print $4 }' out)" "$(awk '/total actual memory/ { print int($1) }' out)" "$verdict"
}

whole='-O1 -DSAFETY -DNOFAIR'
quick='-O0 -DSAFETY -DNOFAIR -DMEMLIM=2000'

# A property that no switch breaks could not fail, for all that is known.
every_property_is_broken() {
  local property
  for property in $(sed -nE 's/^#define is_([a-z_]+) [0-9]+$/\1/p' key-rotation.pml); do
    grep -q " $property$" <<< "$switches$limits" || { echo "no switch breaks $property" >&2; failures=$((failures + 1)); }
  done
}

full_model() { # memory in MB, configurations
  local memory=$1 configuration
  shift
  for configuration in "$@"; do
    if [[ $configuration == liveness ]]; then search liveness '' "-O1 -DNFAIR=3 -DMEMLIM=$memory" '-a -f -w22'
    else search "$configuration" '' "$whole -DMEMLIM=$memory" '-w22'; fi
    report 'full model' "$configuration" holds
  done
}

broken_by() { # lines of switch, configuration, property
  local switch configuration property
  while read -r switch configuration property; do
    [[ -n $switch ]] || continue
    search "$configuration" "-D$switch -DONLY=is_$property" "$quick" '-w20'
    report "$switch" "$configuration" "$property"
  done <<< "$1"
}

story() { # switch
  local switch configuration property
  read -r switch configuration property < <(grep -m1 "^$1 " <<< "$switches$limits")
  search "$configuration" "-D$switch -DONLY=is_$property" "$quick" '-w20 -i'
  report "$switch" "$configuration" "$property"
  # shellcheck disable=SC2086
  spin ${bounds[$configuration]} "-D$switch" "-DONLY=is_$property" -T -t key-rotation.pml | sed -nE 's/^ {10,}//; /^(KMS|WATCH|OPERATOR|SOMEBODY| *w[0-9]+-a[0-9]+)/p'
  echo "=> $property does not hold"
}

case ${1:-} in
  '')
    every_property_is_broken
    full_model 2000 windows takeover others liveness
    while read -r configuration state; do
      [[ -n $configuration ]] || continue
      search "$configuration" "-DREACH='$state'" "$quick" '-w20'
      sed -i 's/^pan:1: assertion violated  *! *(.*/pan:1: assertion violated reached/' out
      report "${state:0:24}" "$configuration" reached
    done <<< "$reached"
    broken_by "$switches"
    search liveness '-DWATCH=0' '-O0 -DNFAIR=3 -DMEMLIM=2000' '-a -f -w20'
    report 'WATCH=0' liveness 'never ends'
    broken_by "$limits"
    ;;
  --large) full_model 16000 large-windows large-redrive large-others ;;
  --story) story "$2" ;;
esac
[[ $failures -eq 0 ]] || { echo "$failures of these are not as expected" >&2; exit 1; }
