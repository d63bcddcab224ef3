#!/usr/bin/env bash
# The whole story by curl alone, against a running server: project, backlog, sprint, daily scrums, a poisoned entry, its repair, close.
# Fails at the first answer with another code than the contract's. Only the poison itself is another program's: redis-cli adds it.
# Usage: REDIS_URL=redis://… scripts/story.sh [http://127.0.0.1:3000]
set -euo pipefail
server=${1:-http://127.0.0.1:3000}
project=STORY-$(date +%s)
: "${REDIS_URL:?is the Redis of that server, for the one entry that another program writes}"

say() { printf '%s\n' "$*"; }
fail() { printf 'FAILED: %s\n' "$*" >&2; exit 1; }

# call CODE METHOD PATH [JSON]: the answer is in $body
call() {
  local expected=$1 method=$2 path=$3 answer
  local arguments=(--silent --show-error --max-time 20 --request "$method" --header 'accept: application/json' --write-out '\n%{http_code}')
  if [ $# -gt 3 ]; then arguments+=(--header 'content-type: application/json' --data "$4"); fi
  answer=$(curl "${arguments[@]}" "$server$path") || fail "$method $path: no answer"
  body=${answer%$'\n'*} code=${answer##*$'\n'}
  [ "$code" = "$expected" ] || fail "$method $path: $code instead of $expected: $body"
  say "  $code  $method $path"
}

# text KEY: the first value of this key in $body
text() { sed -n "s/.*\"$1\":\"\([^\"]*\)\".*/\1/p" <<<"$body" | head -n 1; }
number() { grep -o "\"$1\":[0-9]*" <<<"$body" | head -n 1 | cut -d: -f2; }

# until_true SECONDS WHAT COMMAND…
until_true() {
  local seconds=$1 what=$2; shift 2
  for _ in $(seq $((seconds * 4))); do "$@" && return; sleep 0.25; done
  fail "waited $seconds s until $what; last answer: $body"
}
quiet() { call "$@" >/dev/null; }

say "project, team, backlog"
call 201 POST /projects "{\"id\":\"$project\",\"name\":\"Story\",\"description\":\"By curl\",\"status\":\"active\"}"
call 409 POST /projects "{\"id\":\"$project\",\"name\":\"Again\",\"description\":\"Taken\",\"status\":\"active\"}"
call 422 POST /projects '{"name":"no id"}'
call 201 POST /employees "{\"employee_id\":\"$project-E1\",\"name\":\"Ines Keller\"}"
call 200 POST "/projects/$project/team-members-assign" "{\"employee_ids\":[\"$project-E1\"]}"
call 404 POST /backlogs/NO-SUCH-PROJECT
call 201 POST "/backlogs/$project"

say "sprint planning"
call 422 POST "/sprints/$project" '{"sprint_name":"None","duration_weeks":0}'
call 201 POST "/sprints/$project" '{"sprint_name":"First","duration_weeks":2}'
sprint=$(text sprint_id)
call 409 POST "/sprints/$project" '{"sprint_name":"Second","duration_weeks":2}'
call 200 GET "/sprints/active/$project"
in_progress() { quiet 200 GET "/projects/$project"; [ "$(text status)" = in_progress ]; }
until_true 20 "the project service has heard of the sprint" in_progress
recorded() { quiet 200 GET "/v1/notes/events?sprint_id=$sprint"; grep -q SprintStarted <<<"$body"; }
until_true 20 "the chronicle has recorded it" recorded

say "three daily scrums"
for _ in 1 2 3; do call 200 POST "/sprints/$sprint/run-daily-scrum"; done
[ "$(number tasks_updated_count)" = 10 ] || fail "not all ten tasks moved: $body"
moved() { quiet 200 GET "/backlogs/$project"; ! grep -q '"progress_percentage":0[,}]' <<<"$body"; }
until_true 20 "the backlog has applied them" moved
call 200 GET "/v1/notes/daily_scrum_report?sprint_id=$sprint"

say "a poisoned entry"
unknown=$project-FIX
now=$(date -u +%Y-%m-%dT%H:%M:%S.000000)
event="{\"event_id\":\"$unknown\",\"event_type\":\"TASK_UPDATED\",\"timestamp\":\"$now\",\"aggregate_id\":\"$unknown-TASK001\",\"aggregate_type\":\"Task\",\"event_data\":{\"task_id\":\"$unknown-TASK001\",\"project_id\":\"$unknown\",\"sprint_id\":null,\"status\":\"in_progress\",\"progress_percentage\":40,\"updated_at\":\"$now\",\"assigned_to\":null},\"metadata\":{\"source_service\":\"story\",\"correlation_id\":\"$unknown\"}}"
redis-cli -u "$REDIS_URL" XADD task_update_events '*' data "$event" >/dev/null
dead() { quiet 200 GET "/api/console/dead-letters?text=$unknown"; grep -q '"records":\[{' <<<"$body"; }
until_true 60 "its attempts are used up and it is a dead letter" dead
grep -q 'unknown task' <<<"$body" || fail "the record does not say why: $body"
item="{\"stream\":\"task_update_events\",\"id\":\"$(grep -o '"records":\[{"id":"[0-9-]*' <<<"$body" | grep -o '[0-9-]*$')\"}"

say "its repair"
call 201 POST /projects "{\"id\":\"$unknown\",\"name\":\"Fix\",\"description\":\"The task exists now\",\"status\":\"active\"}"
call 201 POST "/backlogs/$unknown"
call 200 POST /api/console/dead-letters/replay "{\"items\":[$item],\"dry_run\":true}"
token=$(text state_token)
call 200 POST /api/console/dead-letters/replay "{\"items\":[$item],\"state_token\":\"$token\"}"
handled() { quiet 200 GET "/backlogs/$unknown"; grep -q '"progress_percentage":40' <<<"$body"; }
until_true 30 "the replayed event is handled" handled
gone() { ! dead; }
until_true 10 "its dead letter is gone" gone

say "close"
call 200 POST "/sprints/$sprint/close"
call 409 POST "/sprints/$sprint/close"
call 404 GET "/sprints/active/$project"
returned() { quiet 200 GET "/backlogs/$project/summary"; [ "$(number unassigned_for_sprint_count)" -gt 0 ]; }
until_true 20 "unfinished tasks are plannable again" returned
call 200 GET "/v1/analytics/project/$project/velocity"

say "nothing is left over"
sent() { quiet 200 GET /api/console/outbox; ! grep -q '"unsent":[1-9]' <<<"$body"; }
until_true 20 "every outbox is empty" sent
for group in task_update_events:backlog_service_group dsm:events:backlog_service_group dsm:events:project-service-group dsm:events:chronicle-service-group; do
  pending() { [ "$(redis-cli -u "$REDIS_URL" XPENDING "${group%:*}" "${group##*:}" | head -n 1)" = 0 ]; }
  until_true 20 "nothing pends in $group" pending
done
say "the story is told: $sprint"
