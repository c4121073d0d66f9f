#!/bin/sh
# SPDX-License-Identifier: Apache-2.0
# Breaks the product on purpose, one patch at a time, in a copy under target/sabotage, and runs the test that must notice.
#
# usage: src/test/sabotage/run.sh [patch …]     (from the top; all patches without arguments)
# Each patch names its test in a line "Test: …". Ends with 1 if any sabotage goes unnoticed.
set -u
top=$(pwd)
maven="mvn -q ${MAVEN_FLAGS:--o}"
[ $# -gt 0 ] || set -- "$top"/src/test/sabotage/*.patch
unnoticed=0
for patch in "$@"; do
  patch=$(cd "$(dirname "$patch")" && pwd)/$(basename "$patch")
  name=$(basename "$patch" .patch)
  test=$(sed -n 's/^Test: //p' "$patch")
  copy="$top/target/sabotage/$name"
  rm -rf "$copy"
  mkdir -p "$copy"
  (cd "$top" && git ls-files -z | xargs -0 tar cf -) | (cd "$copy" && tar xf -)
  cd "$copy" || exit 2
  echo "== $name: $(sed -n 's/^What: //p' "$patch")"
  if ! patch -p1 -s --no-backup-if-mismatch <"$patch"; then
    echo "the patch does not apply" && exit 2
  fi
  if ! $maven test-compile >build.log 2>&1; then
    echo "the sabotaged copy does not compile" && tail -n 20 build.log && exit 2
  fi
  if $maven surefire:test -Dtest="$test" >test.log 2>&1; then
    echo "NOT NOTICED by $test"
    unnoticed=$((unnoticed + 1))
  elif ! grep -qE '(Failures|Errors): [1-9]' target/surefire-reports/*.txt 2>/dev/null; then
    echo "no test of $test has run and failed" && tail -n 20 test.log && exit 2
  else
    echo "noticed by $test:"
    cat target/surefire-reports/*.txt 2>/dev/null |
      grep -E '^committed|^never acknowledged|^faults|Exception:|AssertionFailedError: .' | cut -c1-220 | sort -u | head -n 4
  fi
  cd "$top" || exit 2
  rm -rf "$copy/target"
done
exit $((unnoticed > 0))
