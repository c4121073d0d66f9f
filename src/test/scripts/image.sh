#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# The image, from this clone to a delivered line: builds it, runs the commands that README names for containers, and
# looks at what came of them.
#
#   src/test/scripts/image.sh [repository]
#
# Needs a container engine, and `docker compose` or `docker-compose`. Where the build cannot reach a Maven repository, name
# the directory of one that has everything ($HOME/.m2/repository after `mvn verify`): the build stage then starts from an
# image with a copy of it. Containers and volumes that it makes are gone afterwards, the image outbox-relay stays.
# Exit code 0: everything was as it should be.
set -euo pipefail
cd "$(dirname "$0")/../../.."
repository=${1:-}
work=$(mktemp -d)
export COMPOSE_PROJECT_NAME=outbox-relay-image-test COMPOSE_FILE=$PWD/docker-compose.yml

# README says "docker compose"; where there is only the older program, that one runs.
if docker compose version > /dev/null 2>&1; then
  compose() { command docker compose "$@"; }
else
  compose() {
    # It asks for a terminal unless it is told that there is none.
    [ "$1" != exec ] || set -- exec -T "${@:2}"
    docker-compose "$@"
  }
fi
docker() {
  if [ "$1" = compose ]; then compose "${@:2}"; else command docker "$@"; fi
}
step() { printf '\n== %s\n' "$*"; }
fail() {
  printf '\nFAILED: %s\n' "$*" >&2
  compose ps >&2 || true
  compose logs relay receiver >&2 || true
  exit 1
}
finish() {
  compose down --volumes > "$work/down.log" 2>&1 || cat "$work/down.log" >&2
  rm -rf "$work"
}
trap finish EXIT

# The image of the Dockerfile's build stage, with a copy of the repository and told to ask nobody else.
if [ -n "$repository" ]; then
  step "a build stage with the repository $repository"
  stage=outbox-relay-build-stage
  mkdir "$work/stage"
  cp -r "$repository" "$work/stage/repository"
  echo '<settings><offline>true</offline></settings>' > "$work/stage/settings.xml"
  maven=$(sed -n 's/^ARG MAVEN_IMAGE=//p' Dockerfile)
  printf 'FROM %s\nCOPY . /root/.m2/\n' "$maven" > "$work/stage/Dockerfile"
  docker build --quiet --tag "$stage" "$work/stage"
  rm -rf "$work/stage"
  {
    echo 'services:'
    for service in migrate relay receiver; do
      printf '  %s:\n    build:\n      context: "%s"\n      args:\n        MAVEN_IMAGE: %s\n' "$service" "$PWD" "$stage"
    done
  } > "$work/build.yml"
  COMPOSE_FILE=$COMPOSE_FILE:$work/build.yml
fi

# README's commands, from `docker compose up` to the one that shows the line.
sed -n '/^ *docker compose up/,/^ *```$/{/```/d;p}' README.md | sed 's/^ *//' > "$work/commands"
show=$(grep '^docker compose logs' "$work/commands")
grep -v '^docker compose logs' "$work/commands" > "$work/before"
step "README's commands"
cat "$work/commands"
compose down --volumes > /dev/null 2>&1
# shellcheck source=/dev/null
source "$work/before"

step "$show"
delivered() { eval "$show" 2> /dev/null | grep '"customer":"Ada"'; }
for _ in $(seq 60); do
  delivered && break
  sleep 1
done
delivered > /dev/null || fail "no line was delivered"

sql() { compose exec postgres psql -U postgres -X -A -t -c "$1" | tr -d '\r'; }
http_status() {
  compose exec receiver bash -c \
    "exec 3<>/dev/tcp/relay/8080 && printf 'GET $1 HTTP/1.0\r\n\r\n' >&3 && head -n 1 <&3" | tr -d '\r'
}
step "the relay's login may do no more than it must"
logins=$(sql "select distinct usename from pg_stat_activity where application_name like 'outbox-relay%'")
[ "$logins" = relay ] || fail "the relay is logged in as '$logins'"
rights=$(sql "select rolsuper or rolcreaterole or rolcreatedb or rolreplication or rolbypassrls from pg_roles where rolname = 'relay'")
[ "$rights" = f ] || fail "the login relay has rights of its own"
member=$(sql "select string_agg(roleid::regrole::text, ',') from pg_auth_members where member = 'relay'::regrole")
[ "$member" = outbox_relay ] || fail "the login relay is a member of '$member'"
echo "relay, member of $member"

step "health, from another container"
status=$(http_status /health/ready)
echo "$status"
[[ $status == *" 200 "* ]] || fail "the relay is not ready: $status"

step "the same once more, over what is there"
compose up -d
sql "insert into orders values (2, 'Grace', 1)"
for _ in $(seq 60); do
  eval "$show" 2> /dev/null | grep '"customer":"Grace"' && break
  sleep 1
done
eval "$show" 2> /dev/null | grep -q '"customer":"Grace"' || fail "no second line was delivered"

step "the relay stops in order"
relay=$(compose ps -q relay)
compose stop relay
code=$(docker inspect --format '{{.State.ExitCode}}' "$relay")
[ "$code" = 0 ] || fail "the relay ended with $code"

step "the image does not run as root"
[ "$(docker run --rm --entrypoint id outbox-relay -u)" = 10001 ] || fail "it runs as another user"
docker run --rm outbox-relay version || fail "it does not tell its version"
docker image inspect --format 'the image has {{.Size}} bytes' outbox-relay

printf '\nOK: from this clone to a delivered line\n'
