#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Runs the tests on each supported PostgreSQL and Java, and prints a table.
#
#   src/test/scripts/matrix.sh                     everything: many hours
#   VERSIONS="14 18" JDKS=/usr/lib/jvm/x src/test/scripts/matrix.sh -Dtest='OwnerTest'
#
# VERSIONS: majors of PostgreSQL. JDKS: homes of JDKs, by colons; by default JAVA_HOME, and what
# /usr/lib/jvm holds of 17 and 25. CONTAINER: an image, such as postgres:17, to run the tests on by
# Testcontainers as well. The arguments go to Maven.
# Exit code 1 when a run failed; the logs are in target/matrix.
set -uo pipefail
cd "$(dirname "$0")/../../.."

versions=${VERSIONS:-14 15 16 17 18}
jdks=${JDKS:-}
if [[ -z $jdks ]]; then
  for home in /usr/lib/jvm/*17* /usr/lib/jvm/*25*; do
    [[ -x $home/bin/javac && ! -L $home ]] && jdks+=${jdks:+:}$home
  done
fi
[[ -n ${jdks:-${JAVA_HOME:-}} ]] || { echo "no JDK: set JDKS" >&2; exit 2; }

logs=$PWD/target/matrix
failed=0
rows=()

# name, JDK, then what goes to Maven
run() {
  local name=$1 jdk=$2 log=$logs/$1.log end
  shift 2
  mkdir -p "$logs"
  if JAVA_HOME=$jdk mvn -B -ntp verify "$@" >"$log" 2>&1; then
    end=passed
  else
    end=failed
    failed=1
  fi
  local counts
  counts=$(grep -E '^\[(INFO|WARNING|ERROR)\] Tests run: .*[0-9]$' "$log" |
    awk -F'[:,]' '{run += $2; bad += $4 + $6; skipped += $8}
      END {printf "%d tests, %d failed, %d skipped", run, bad, skipped}')
  rows+=("| $name | $end | $counts |")
  echo "$name: $end, $counts" >&2
}

IFS=: read -r -a homes <<<"${jdks:-$JAVA_HOME}"
for home in "${homes[@]}"; do
  java=$(sed -n 's/^JAVA_VERSION="\([0-9]*\).*/\1/p' "$home/release")
  for version in $versions; do
    # What is compiled names the migrations of another run otherwise.
    rm -rf target/classes/db
    run "postgres-$version-java-$java" "$home" "-Dpostgres.version=$version" "$@"
  done
done
if [[ -n ${CONTAINER:-} ]]; then
  run "container-${CONTAINER//[:\/]/-}" "${homes[0]}" "-Dpostgres.image=$CONTAINER" "$@"
fi

printf '| run | result | |\n|---|---|---|\n'
printf '%s\n' "${rows[@]}"
exit "$failed"
